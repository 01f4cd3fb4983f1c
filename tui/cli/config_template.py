"""The text of a new config file: one project, and every other setting as a comment with its default. Pure."""

import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.backend.target import ProjectEntry, Target
from core.base.attribute_docs import attribute_docs
from core.base.bounds import bounds_of, in_words, unit_of
from core.services.config import SECTIONS
from tui.base.settings import ScreenSettings
from tui.cli.settings_reference import about

_WIDTH: Final = 100
_HEAD: Final = """\
# watchdesk. .env, .env.local and the environment override this file; see: watchdesk config show
# To set something, remove the "# ", of its [section] too. The values shown are the defaults.
# This file contains keys: keep it private (mode 0600).
"""


def config_text(name: str, target: Target) -> str:
    """Return a config file with the URL and the key of `target` under a name."""
    project = "\n".join(_project(name, target))
    kinds: dict[str, type[msgspec.Struct]] = {**SECTIONS, "screen": ScreenSettings}
    sections = ("\n".join(_section(section, kind)) for section, kind in kinds.items())
    return "\n".join((_HEAD, f"{project}\n", *(f"{one}\n" for one in sections)))


def name_of(url: str) -> str:
    """Return a project's name for the file, after its URL."""
    host = urlsplit(url).hostname or ""
    label = host if re.fullmatch(r"[\d.]+|.*:.*", host) else host.split(".", maxsplit=1)[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", label).strip("-") or "main"


def _project(name: str, target: Target) -> Iterable[str]:
    yield f"[projects.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else _value(name)}]"
    docs = attribute_docs(ProjectEntry)
    given = {"url": target.url, "key": target.key}
    for field in ProjectEntry.__struct_fields__:
        yield from _comment(docs[field])
        yield f"{field} = {_value(given[field])}" if field in given else f'# {field} = ""'


def _section(name: str, kind: type[msgspec.Struct]) -> Iterable[str]:
    yield from _comment(about(name))
    yield f"# [{name}]"
    docs = attribute_docs(kind)
    for field in msgspec.structs.fields(kind):
        notes = ", ".join(filter(None, (unit_of(field.type), in_words(bounds_of(field.type)))))
        yield from _comment(docs[field.name] + (f" ({notes})" if notes else ""))
        yield f"# {field.name} = {'' if field.default is None else _value(field.default)}".rstrip()


def _comment(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent="## ", subsequent_indent="## ")


def _value(value: Any) -> str:
    """Return a value as TOML: strings, numbers, switches and lists are written as JSON writes them."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
