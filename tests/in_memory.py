"""A `tmp_path` in memory: a monitor's files are on the disk before it goes on, and most of a test is that waiting."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_MEMORY: Final = Path("/dev/shm")
_ENOUGH: Final = 1 << 30
"""Bytes; with less the disk is used, as where there is no such place at all."""


@pytest.fixture(name="tmp_path")
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """Give a directory of the test's own in memory, which goes with the test."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ENOUGH:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="watchdesk-test-", ignore_cleanup_errors=True) as place:
        yield Path(place)
