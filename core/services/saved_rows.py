"""Rows that an operator saves: as the project has them, in files of this user's own."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from core.base.safe_files import own_directory, replace_own


class SavedRows:
    """The directory of saved rows of one project."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def save(self, noun: str, name: str, row: dict[str, Any]) -> tuple[Path, int]:
        """Save a row as indented JSON, in place of what was saved of it before. Returns where, and the bytes.

        Raises OSError.
        """
        data = await asyncio.to_thread(_encoded, row)
        path = self._directory / f"{noun}-{re.sub(r'[^A-Za-z0-9-]', '_', name)[:64]}.json"
        await asyncio.to_thread(self._write, path, data)
        return path, len(data)

    def _write(self, path: Path, data: bytes) -> None:
        own_directory(self._directory, above=1)
        replace_own(path, data)


def _encoded(row: dict[str, Any]) -> bytes:
    return f"{json.dumps(row, indent=2)}\n".encode()
