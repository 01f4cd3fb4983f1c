"""Last-known data outlives processes, never lies, and never hurts."""

import asyncio
import pickle
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.resilience import Cache, CacheRules
from core.resilience.disk import Disk
from tests.clock import FakeClock
from tests.until import until

SPACE = "a1b2"
Make = Callable[..., Cache]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock) -> Iterator[Make]:
    made: list[Cache] = []

    def make(space: str = SPACE, directory: Path | None = None, **rules: float) -> Cache:
        cache = Cache(directory or tmp_path, space, clock, CacheRules(**rules))  # type: ignore[arg-type]  # passed on
        made.append(cache)
        return cache

    yield make
    for cache in made:
        cache.close()


@pytest.fixture
async def filled(make: Make, clock: FakeClock, tmp_path: Path) -> Path:
    """The database of a cache that holds `config`, and is closed."""
    cache = make()
    await cache.put("config", {"enabled": True}, clock.now())
    cache.close()
    return tmp_path / SPACE / "cache.db"


async def test_memory_answers_while_fresh_and_then_the_disk(make: Make, clock: FakeClock) -> None:
    cache, at = make(), clock.now()
    await cache.put("config", {"enabled": True}, at)
    for seconds, layer in ((300, "memory"), (1, "disk")):
        clock.advance(seconds)
        kept = await cache.get("config")
        assert kept is not None
        assert (kept.value, kept.at, kept.layer) == ({"enabled": True}, at, layer)
    assert await cache.get("nothing") is None
    assert cache.warning is None


async def test_it_survives_a_restart(make: Make, filled: Path) -> None:
    cache = make()
    kept = cache.get_sync("config")
    assert kept is not None
    assert kept.value == {"enabled": True}
    assert list(cache.load_all()) == ["config"]


async def test_a_cache_of_another_project_or_user_is_never_shown(make: Make, filled: Path) -> None:
    other = make("c3d4")
    assert other.get_sync("config") is None
    assert other.load_all() == {}


@pytest.mark.parametrize("space", ["", ".", "..", "a/b", "../a1b2"])
def test_a_space_is_one_directory(make: Make, space: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        make(space)


async def test_directories_are_0700_and_files_0600(make: Make, clock: FakeClock, tmp_path: Path) -> None:
    cache = make(directory=tmp_path / "ours")
    await cache.put("config", 1, clock.now())
    rights = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "ours").rglob("*")}
    assert rights[SPACE] == 0o700
    assert {mode for name, mode in rights.items() if name.startswith("cache.db")} == {0o600}
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o700


async def test_a_later_value_replaces_one_still_waiting_for_the_disk(make: Make, clock: FakeClock) -> None:
    cache = make()
    for number in range(50):
        cache.keep("n", number, clock.now())
    await cache.flush()
    kept = cache.get_sync("n")
    assert kept is not None
    assert kept.value == 49


async def test_what_was_kept_last_is_on_the_disk_at_the_end(make: Make, clock: FakeClock) -> None:
    cache = make()
    for number in range(5):
        cache.keep(f"k{number}", number, clock.now())
    cache.close()
    assert sorted(kept.value for kept in make().load_all().values()) == [0, 1, 2, 3, 4]


async def test_what_is_kept_is_on_the_disk_soon_whoever_ends_then(make: Make, clock: FakeClock) -> None:
    cache, another = make(), make()
    cache.keep("k", 1, clock.now())
    await until(another.load_all)


async def test_the_entries_are_capped_and_the_oldest_stored_goes_first(make: Make, clock: FakeClock) -> None:
    cache = make(entries=3)
    for key in ("a", "b", "c", "a", "d"):
        await cache.put(key, key, clock.now())
    assert set(cache.load_all()) == {"c", "a", "d"}
    clock.advance(301)
    assert await cache.get("b") is None


async def test_the_bytes_are_capped(make: Make, clock: FakeClock, tmp_path: Path) -> None:
    cache = make(bytes=1_000_000, memory_bytes=100_000)
    for number in range(100):
        await cache.put(str(number), "x" * 50_000, clock.now())
    await cache.sweep()
    assert (tmp_path / SPACE / "cache.db").stat().st_size < 1_200_000
    assert 5 < len(cache.load_all()) < 25


async def test_a_value_too_large_is_kept_in_memory_at_most(make: Make, clock: FakeClock) -> None:
    cache = make(bytes=1_000_000)
    await cache.put("big", "old", clock.now())
    await cache.put("big", "x" * 200_000, clock.now())
    assert cache.get_sync("big") is None
    assert (await cache.get("big")) is not None


async def test_sweeping_drops_what_is_no_longer_fresh(make: Make, clock: FakeClock) -> None:
    cache = make()
    await cache.put("a", 1, clock.now())
    clock.advance(301)
    await cache.sweep()
    assert not cache._memory
    assert cache._memory_bytes == 0


async def test_what_json_cannot_hold_is_not_kept_and_hurts_nobody(make: Make, clock: FakeClock) -> None:
    cache = make()
    await cache.put("odd", object(), clock.now())
    assert await cache.get("odd") is None


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (Path(self.where),))

    def __init__(self, where: Path) -> None:
        self.where = str(where)


class TestPlanted:
    def plant(self, database: Path, **columns: object) -> None:
        with sqlite3.connect(database) as connection:
            connection.execute(f"UPDATE Cache SET {', '.join(f'{c} = ?' for c in columns)}", tuple(columns.values()))
        connection.close()

    @pytest.mark.parametrize("mode", [0, 1, 2, 3, 4])
    @pytest.mark.parametrize("in_file", [False, True])
    async def test_a_pickle_is_never_unpickled(self, make: Make, filled: Path, mode: int, in_file: bool) -> None:
        burnt = filled.parent / "burnt"
        data = pickle.dumps(Bomb(burnt))
        if in_file:
            (filled.parent / "bomb.val").write_bytes(data)
        self.plant(filled, mode=mode, filename="bomb.val" if in_file else None, value=None if in_file else data)
        cache = make()
        assert cache.get_sync("config") is None
        assert await cache.get("config") is None
        assert cache.load_all() == {}
        assert not burnt.exists()

    async def test_a_pickled_key_is_never_unpickled(self, make: Make, filled: Path) -> None:
        burnt = filled.parent / "burnt"
        self.plant(filled, key=pickle.dumps(Bomb(burnt)), raw=0)
        cache = make()
        assert cache.load_all() == {}
        assert not burnt.exists()
        assert not filled.with_name("burnt").exists()

    async def test_no_file_a_row_names_is_deleted(
        self, make: Make, filled: Path, tmp_path: Path, clock: FakeClock
    ) -> None:
        precious = tmp_path / "precious"
        precious.write_text("keep me")
        self.plant(filled, filename="../precious")
        cache = make()
        await cache.put("config", 1, clock.now())
        assert precious.exists()

    @pytest.mark.parametrize("text", ["", "{", '{"at": 3}', '{"at": "2026-01-01T00:00:00", "value": 1}', "[]"])
    async def test_an_entry_that_is_not_ours_is_as_good_as_nothing(
        self, make: Make, filled: Path, clock: FakeClock, text: str
    ) -> None:
        self.plant(filled, value=text)
        cache = make()
        assert cache.get_sync("config") is None
        await cache.put("config", 1, clock.now())
        assert cache.get_sync("config") is not None
        assert cache.warning is None

    @pytest.mark.parametrize("setting", ["disk_surprise", "sqlite_nonsense", "_disk", "get", "count"])
    async def test_settings_that_are_not_ours_do_no_harm(
        self, make: Make, filled: Path, clock: FakeClock, setting: str
    ) -> None:
        with sqlite3.connect(filled) as connection:
            connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, 5000)", (setting,))
        connection.close()
        cache = make()
        await cache.put("config", 2, clock.now())
        kept = await cache.get("config")
        assert kept is not None
        assert kept.value == 2


def spoil_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"no database here")


def spoil_pages(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xff" * (file.stat().st_size - 100))


def other_tables(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE Cache (other_column)")
    connection.close()


class TestBroken:
    @pytest.mark.parametrize("spoil", [spoil_header, spoil_pages, other_tables])
    async def test_a_broken_file_is_moved_aside_with_a_warning_and_begun_anew(
        self, make: Make, filled: Path, clock: FakeClock, spoil: Callable[[Path], None]
    ) -> None:
        for _ in range(2):  # and again: an earlier one is in no way
            spoil(filled)
            cache = make()
            assert cache.get_sync("config") is None
            await cache.put("config", 2, clock.now())
            assert "moved aside" in (cache.warning or "")
            (aside,) = filled.parent.parent.glob(f"{SPACE}.*.broken")
            assert aside.is_dir()
            cache.close()
        again = make()
        assert again.get_sync("config") is not None
        assert str(aside) in (again.warning or "")  # whoever comes later says so, until it is gone
        shutil.rmtree(aside)
        await again.sweep()
        assert again.warning is None

    async def test_a_file_of_no_length_is_begun_anew(self, make: Make, filled: Path, clock: FakeClock) -> None:
        filled.write_bytes(b"")
        cache = make()
        await cache.put("config", 2, clock.now())
        assert cache.get_sync("config") is not None

    async def test_a_file_that_breaks_under_us_is_moved_aside(self, make: Make, filled: Path, clock: FakeClock) -> None:
        cache = make()
        with sqlite3.connect(filled) as connection:
            connection.execute("DROP TABLE Cache")
        connection.close()
        assert cache.get_sync("config") is None
        assert "moved aside" in (cache.warning or "")
        await cache.put("config", 2, clock.now())
        assert cache.get_sync("config") is not None

    async def test_a_directory_that_cannot_be_leaves_the_memory(
        self, make: Make, clock: FakeClock, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        cache = make(directory=tmp_path / "file")
        await cache.put("config", 2, clock.now())
        kept = await cache.get("config")
        assert kept is not None
        assert kept.layer == "memory"
        assert "memory only" in (cache.warning or "")
        await cache.sweep()
        assert cache.load_all() == {}

    async def test_a_broken_file_that_cannot_be_moved_leaves_the_memory(
        self, make: Make, filled: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spoil_header(filled)
        monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("read-only")))
        assert "memory only" in (make().warning or "")

    async def test_a_place_that_fails_again_after_moving_leaves_the_memory(
        self, make: Make, filled: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spoil_header(filled)
        rename = Path.rename

        def then_blocked(self: Path, target: Path) -> None:
            rename(self, target)
            self.write_text("in the way")

        monkeypatch.setattr(Path, "rename", then_blocked)
        assert "memory only" in (make().warning or "")

    async def test_a_full_disk_is_said_until_a_write_succeeds_and_moves_nothing(
        self, make: Make, filled: Path, clock: FakeClock
    ) -> None:
        cache = make()
        cache._thread.submit(lambda: cache._disk._rows._sql("PRAGMA max_page_count = 1")).result()
        await cache.put("large", "x" * 200_000, clock.now())
        assert "full" in (cache.warning or "")
        assert cache.get_sync("config") is not None
        cache._thread.submit(lambda: cache._disk._rows._sql("PRAGMA max_page_count = 100000")).result()
        await cache.put("large", "x" * 200_000, clock.now())
        assert cache.warning is None

    async def test_a_lock_of_another_process_moves_nothing_and_passes(
        self, make: Make, filled: Path, clock: FakeClock
    ) -> None:
        cache = make()
        other = sqlite3.connect(filled, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        cache.keep("config", 2, clock.now())
        await cache.flush()
        assert "locked" in (cache.warning or "")
        assert cache.get_sync("config") is not None
        second = make()  # opening needs the lock too, and does not wait a minute for it
        assert "locked" in (second.warning or "")
        other.execute("ROLLBACK")
        other.close()
        await cache.put("config", 3, clock.now())
        assert cache.warning is None


async def test_two_processes_may_share_it(make: Make, clock: FakeClock) -> None:
    one, two = make(), make()
    await asyncio.gather(*(cache.put(f"{n}", n, clock.now()) for n in range(20) for cache in (one, two)))
    assert len(one.load_all()) == len(two.load_all()) == 20
    assert (one.warning, two.warning) == (None, None)


async def test_closed_it_answers_nothing_and_raises_nothing(make: Make, clock: FakeClock) -> None:
    cache = make()
    cache.close()
    cache.close()
    await cache.put("config", 1, clock.now())
    await cache.sweep()
    assert cache.get_sync("config") is None
    clock.advance(301)
    assert await cache.get("config") is None


def test_a_disk_that_does_not_answer_holds_up_nobody(
    make: Make, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.setattr("core.resilience.cache._PATIENCE_S", 0.02)
    monkeypatch.setattr(Disk, "open", lambda self: time.sleep(0.2))
    cache = make()
    assert "does not answer" in (cache.warning or "")
    assert cache.get_sync("config") is None


async def test_what_is_kept_before_the_disk_answers_is_written_once_it_does(
    make: Make, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    may, opens = threading.Event(), Disk.open

    def late(disk: Disk) -> None:
        may.wait()
        opens(disk)

    monkeypatch.setattr("core.resilience.cache._PATIENCE_S", 0.02)
    monkeypatch.setattr(Disk, "open", late)
    cache = make()
    await cache.put("config", 1, clock.now())
    may.set()
    await until(lambda: cache.warning is None)
    await cache.flush()
    assert (await cache.on_disk(["config"])).keys() == {"config"}


_WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from core.base.clock import SystemClock
from core.resilience import Cache

async def main():
    cache = Cache(Path(sys.argv[1]), "a1b2", SystemClock())
    for number in range(1_000_000):
        await cache.put(str(number % 20), number, datetime.now(UTC))
        print(number, flush=True)

asyncio.run(main())
"""


def test_kill_9_during_writes_loses_nothing_that_was_written(make: Make, tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(200)]
    writer.kill()
    said += writer.stdout.readlines()
    writer.wait()
    writer.stdout.close()
    last = max(int(line) for line in said if line.endswith("\n"))
    cache = make()
    assert cache.warning is None
    kept = cache.get_sync(str(last % 20))
    assert kept is not None
    assert kept.value >= last
    assert len(cache.load_all()) == 20


async def test_it_may_be_deleted_at_any_time(make: Make, filled: Path, clock: FakeClock) -> None:
    cache = make()
    shutil.rmtree(filled.parent)
    await cache.put("config", 2, clock.now())
    kept = await cache.get("config")
    assert kept is not None
    assert kept.value == 2
