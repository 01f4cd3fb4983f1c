"""The official client, imported without what it brings along and we never use."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

_LEFT_OUT: Final = ("cryptography", "trio")
"""What it would check the signatures of tokens with (we ask the server; 9 MB, more than all our own code), and an event
loop that the HTTP client would take as well where some other package has brought it (3 MB)."""


def official() -> ModuleType:
    """The module `supabase`. The first call costs an import of 0.3-0.5 s: call it in a thread."""
    with _absent(*(name for name in _LEFT_OUT if name not in sys.modules)):
        importlib.import_module("httpcore")
        return importlib.import_module("supabase")


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """For what is imported meanwhile they are not there; whoever asks for them later gets them."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python says that a module is not there
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
