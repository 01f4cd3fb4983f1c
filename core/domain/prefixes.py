"""Values of a filter that may be prefixes: one that ends in `*` is, and a backslash takes a `*` for itself."""

import re
from typing import Final

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def exactly(text: str) -> str:
    """Return the value that stands for this text alone, also where it has a `*`."""
    return re.sub(r"([\\*])", r"\\\1", text)


def stands_for(value: str) -> tuple[str, bool]:
    """Return the text that a value stands for, and whether as a prefix."""
    prefix = _ESCAPED.sub("", value).endswith("*")
    return _ESCAPED.sub(r"\1", value[:-1] if prefix else value), prefix


def star_amid(value: str) -> bool:
    """Return whether a value has a `*` that is neither itself nor at its end."""
    return "*" in _ESCAPED.sub("", value)[:-1]
