"""The official client, imported without what it brings along and we never use."""

import importlib
import sys
from types import ModuleType
from typing import Final

_LEFT_OUT: Final = "cryptography"
"""What it would check the signatures of tokens with. We ask the server; it is 9 MB, more than all our own code."""


def official() -> ModuleType:
    """The module `supabase`. The first call costs an import of 0.3-0.5 s: call it in a thread."""
    if _LEFT_OUT in sys.modules:
        return importlib.import_module("supabase")
    sys.modules[_LEFT_OUT] = None  # type: ignore[assignment]  # how Python says that a module is not there
    try:
        return importlib.import_module("supabase")
    finally:
        del sys.modules[_LEFT_OUT]  # whoever else asks for it gets it
