"""A directory that is just being made is no orphan, however many sandboxes clean up at the same time."""

import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from core.sandbox import postgres
from core.sandbox.postgres import PREFIX, clean_up_orphans


def test_a_home_that_is_being_made_is_kept_from_those_who_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    over = threading.Event()

    def clean() -> None:
        while not over.is_set():
            clean_up_orphans()

    cleaners = [threading.Thread(target=clean) for _ in range(2)]
    for one in cleaners:
        one.start()
    try:
        for _ in range(300):
            home, lock = postgres._own_home(None)
            assert (home / "lock").exists()
            (home / "owner").touch()
            lock.close()
            shutil.rmtree(home, ignore_errors=True)
    finally:
        over.set()
        for one in cleaners:
            one.join()


def test_what_a_killed_one_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    home, lock = postgres._own_home(None)
    clean_up_orphans()
    assert home.exists()
    lock.close()
    clean_up_orphans()
    assert list(tmp_path.glob(f"{PREFIX}*")) == []
