"""Exit codes, the same everywhere."""

from typing import Final

DONE: Final = 0
PARTLY: Final = 1
WRONG: Final = 2
CRITICAL: Final = 3
UNREACHABLE: Final = 4
INTERRUPTED: Final = 130
