"""What an operator saves of a project, rows as the project has them or reports: in files of this user's own."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from core.base.safe_files import own_directory, replace_own

_NAME_CHARS: Final = 80


class SavedFiles:
    """A directory of saved files of one project."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def save(self, name: str, ending: str, encoded: Callable[[], bytes]) -> tuple[Path, int]:
        """Save what `encoded` returns, in place of what was saved under that name. Returns where, and the bytes.

        Raises OSError.
        """
        path = self._directory / f"{re.sub(r'[^A-Za-z0-9-]', '_', name)[:_NAME_CHARS]}.{ending}"

        def write() -> int:
            data = encoded()
            own_directory(self._directory, above=1)
            replace_own(path, data)
            return len(data)

        return path, await asyncio.to_thread(write)


def as_json(row: dict[str, Any]) -> bytes:
    """Return a row as indented JSON."""
    return f"{json.dumps(row, indent=2)}\n".encode()
