"""The official client, imported without optional packages that are never used."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

_LEFT_OUT: Final = ("cryptography", "trio")
"""Packages hidden during the import, since they are never used.

`cryptography` would only check the signatures of tokens (we ask the server) and takes 9 MB, more than all our own code;
`trio` is an event loop that the HTTP client would load where it is installed, 3 MB.
"""


def official() -> ModuleType:
    """Return the module `supabase`. The first call costs an import of 0.3-0.5 s: call it in a thread."""
    with _absent(*(name for name in _LEFT_OUT if name not in sys.modules)):
        importlib.import_module("httpcore")
        return importlib.import_module("supabase")


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Hide packages from imports within this block; later imports get them."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python says that a module is not there
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
