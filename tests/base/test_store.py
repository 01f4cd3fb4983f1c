"""The state: on the disk before it is accepted, whole or not at all, and said when it cannot be."""

import asyncio
import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from core.base.owner_lock import OwnerLock
from core.base.store import MIGRATIONS, NotKept, Store, Transaction
from tests.running import ROOT

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Hold(msgspec.Struct, frozen=True):
    who: str
    until: datetime | None = None


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "state", "a1b2")
    yield one
    await one.close()


async def test_what_was_put_is_there_for_the_next_process(state: Store, tmp_path: Path) -> None:
    await state.put("hold", "db:x", Hold("ann", NOON))
    other = Store(tmp_path / "state", "a1b2")
    assert await other.get("hold", "db:x", Hold) == Hold("ann", NOON)
    assert await other.all("hold", Hold) == {"db:x": Hold("ann", NOON)}
    assert await other.remove("hold", "db:x") is True
    assert await other.remove("hold", "db:x") is False
    await other.close()
    assert await state.all("hold", Hold) == {}


async def test_another_project_or_user_sees_none_of_it(state: Store, tmp_path: Path) -> None:
    await state.put("hold", "db:x", Hold("ann"))
    other = Store(tmp_path / "state", "ffff")
    assert await other.all("hold", Hold) == {}
    await other.close()


async def test_what_another_version_wrote_is_as_good_as_nothing(state: Store) -> None:
    await state.put("hold", "old", {"name": "ann"})
    await state.put("hold", "new", Hold("bob"))
    assert await state.get("hold", "old", Hold) is None
    assert await state.all("hold", Hold) == {"new": Hold("bob")}


async def test_what_nobody_changed_is_not_read_again_and_what_another_changed_is(state: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "state", "a1b2")
    await other.put("hold", "db:x", Hold("ann"))
    for file in (tmp_path / "state").iterdir():
        os.utime(file, (time.time() - 60, time.time() - 60))
    first = await state.all("hold", Hold)
    first["mine"] = Hold("eve")  # whoever changes what they got changes it for themselves
    with unread(state):
        assert await state.all("hold", Hold) == {"db:x": Hold("ann")}
    await other.put("hold", "db:x", Hold("bob"))
    assert await state.all("hold", Hold) == {"db:x": Hold("bob")}
    await other.close()


async def test_a_change_within_one_tick_of_the_file_system_is_seen(state: Store, tmp_path: Path) -> None:
    database, log = tmp_path / "state" / "a1b2.db", tmp_path / "state" / "a1b2.db-wal"
    await state.put("hold", "db:x", Hold("ann"))
    assert await state.all("hold", Hold) == {"db:x": Hold("ann")}
    before = {file: file.stat() for file in (database, log)}
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(RESTART)")
        other.execute("UPDATE document SET body = replace(body, 'ann', 'bob')")
        for file, was in before.items():
            os.truncate(file, was.st_size)
            os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
        assert [file.stat().st_mtime_ns for file in before] == [was.st_mtime_ns for was in before.values()]
        assert await state.all("hold", Hold) == {"db:x": Hold("bob")}


async def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    writer = Store(tmp_path / "state", "a1b2")
    await writer.put("hold", "db:x", Hold("ann"))
    for file in (tmp_path / "state").iterdir():
        os.utime(file, (time.time() - 60, time.time() - 60))
    state = Store(tmp_path / "state", "a1b2")
    with unread(state):
        assert await state.all("hold", Hold) == {}
    assert await state.all("hold", Hold) == {"db:x": Hold("ann")}
    await writer.close()
    await state.close()


@contextlib.contextmanager
def unread(state: Store) -> Iterator[None]:
    """Let no read reach the file."""
    with pytest.MonkeyPatch.context() as patch:

        def refused() -> sqlite3.Connection:
            raise OSError(errno.EACCES, "not now")

        patch.setattr(state, "_connected", refused)
        yield


async def test_samples_come_back_in_time_and_are_trimmed(state: Store) -> None:
    for minute in (2, 0, 1):
        await state.append("check", NOON + timedelta(minutes=minute), minute)
    found = await state.samples("check", NOON, NOON + timedelta(minutes=2), int)
    assert found == ((NOON, 0), (NOON + timedelta(minutes=1), 1))
    assert await state.change(lambda t: t.trim("check", NOON + timedelta(minutes=2))) == 2
    assert await state.samples("other", NOON, NOON + timedelta(hours=1), int) == ()


async def test_a_transaction_is_whole_or_nothing(state: Store) -> None:
    def half(transaction: Transaction) -> None:
        transaction.put("hold", "a", Hold("ann"))
        raise KeyError("b")

    with pytest.raises(KeyError):
        await state.change(half)
    assert await state.all("hold", Hold) == {}
    await state.put("hold", "c", Hold("cy"))  # and it is not stuck in the one that failed
    assert list(await state.all("hold", Hold)) == ["c"]


async def test_files_are_for_their_owner_only(state: Store, tmp_path: Path) -> None:
    await state.put("hold", "x", Hold("ann"))
    state.own()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    files = list((tmp_path / "state").iterdir())
    assert {path.name for path in files} >= {"a1b2.db", "a1b2.db-wal", "a1b2.lock"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


async def test_it_is_on_the_disk_and_not_only_in_memory(state: Store, tmp_path: Path) -> None:
    await state.open()
    with sqlite3.connect(tmp_path / "state" / "a1b2.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert state._connection is not None
    level = await state._run(lambda c: c.execute("PRAGMA synchronous").fetchone()[0], writes=False)
    assert level == 2  # FULL


SPOILED: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"not a database at all" * 100),
    "a header that lies": lambda path: path.write_bytes(b"SQLite format 3\0" + os.urandom(8192)),
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "overwritten inside": lambda path: path.write_bytes(
        path.read_bytes()[:4096] + b"\xff" * (len(path.read_bytes()) - 4096)
    ),
}


@pytest.mark.parametrize("case", SPOILED)
async def test_a_corrupt_file_is_set_aside_and_begun_anew(case: str, tmp_path: Path) -> None:
    path = tmp_path / "state" / "a1b2.db"
    first = Store(tmp_path / "state", "a1b2")
    for number in range(200):
        await first.put("hold", f"k{number}", Hold("ann" * 30))
    await first.close()
    SPOILED[case](path)
    state = Store(tmp_path / "state", "a1b2")
    found = await state.all("hold", Hold)
    await state.put("hold", "again", Hold("bob"))
    assert state.warning is not None
    assert "moved aside" in state.warning
    assert found == {}
    assert await state.get("hold", "again", Hold) == Hold("bob")
    (aside,) = (tmp_path / "state").glob("a1b2.db.*.broken")
    assert (aside / "a1b2.db").exists()
    await state.close()


async def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "a1b2.db").touch()
    state = Store(tmp_path, "a1b2")
    await state.put("hold", "x", Hold("ann"))
    assert state.warning is None
    await state.close()


async def test_no_place_to_write_is_said_and_survived(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory should be")
    state = Store(tmp_path / "taken", "a1b2")
    await state.open()
    with pytest.raises(NotKept, match="is a file, not a directory"):
        await state.put("hold", "x", Hold("ann"))
    assert await state.all("hold", Hold) == {}
    assert "is a file, not a directory" in (state.warning or "")
    assert state.own() is True  # nobody else of this user can hold it
    (tmp_path / "taken").unlink()
    await state.put("hold", "x", Hold("ann"))  # the place is there again
    assert state.warning is None
    await state.close()


async def test_a_full_disk_is_said_and_what_was_accepted_stays(tmp_path: Path) -> None:
    done = _child(
        tmp_path,
        """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        await state.put("hold", "before", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        kept = 0
        try:
            while True:
                await state.put("hold", f"k{kept}", "x" * 5000)
                kept += 1
        except NotKept as error:
            print(error)
        print(kept, len(await state.all("hold", str | int)))
        """,
    )
    said, counts = done.stdout.strip().splitlines()
    kept, found = map(int, counts.split())
    assert "state not writable" in said
    assert found == kept + 1


async def test_a_disk_that_is_full_from_the_start_makes_nobody_else_the_owner(tmp_path: Path) -> None:
    done = _child(
        tmp_path,
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        await state.open()
        print(state.own(), state.owner())
        other = Store(state._path.parent, "a1b2")
        print(other.own())
        await other.close()
        """,
    )
    assert done.stdout.splitlines() == ["True another process", "False"]


async def test_a_file_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    first = Store(tmp_path, "a1b2")
    await first.put("hold", "x", Hold("ann"))
    await first.close()
    path = tmp_path / "a1b2.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    state = Store(tmp_path, "a1b2")
    with pytest.raises(NotKept, match="later version"):
        await state.put("hold", "x", Hold("bob"))
    assert await state.all("hold", Hold) == {}
    await state.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT body FROM document").fetchone() == ('{"who":"ann","until":null}',)


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
async def test_every_older_version_is_brought_up_to_date(version: int, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a1b2.db") as connection:
        for script in MIGRATIONS[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
        if version:
            connection.execute("""INSERT INTO document VALUES ('hold', 'old', '{"who":"ann"}')""")
    state = Store(tmp_path, "a1b2")
    await state.append("check", NOON, 1)
    assert await state.all("hold", Hold) == ({"old": Hold("ann")} if version else {})
    await state.close()


async def test_two_that_start_at_once_make_one_file(tmp_path: Path) -> None:
    states = [Store(tmp_path, "a1b2") for _ in range(8)]
    await asyncio.gather(*(state.put("hold", str(i), i) for i, state in enumerate(states)))
    assert len(await states[0].all("hold", int)) == 8
    assert [state.warning for state in states] == [None] * 8
    for state in states:
        await state.close()


async def test_another_process_that_writes_long_is_waited_for_and_then_said(state: Store, tmp_path: Path) -> None:
    await state.open()
    with sqlite3.connect(tmp_path / "state" / "a1b2.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotKept, match="locked"):
            await state.put("hold", "x", Hold("ann"))
        other.execute("ROLLBACK")
    await state.put("hold", "x", Hold("ann"))
    assert state.warning is None


async def test_after_the_end_nothing_is_kept(tmp_path: Path) -> None:
    state = Store(tmp_path, "a1b2")
    await state.close()
    with pytest.raises(NotKept, match="closed"):
        await state.put("hold", "x", 1)
    await state.close()


def test_one_process_owns_and_its_death_frees(tmp_path: Path) -> None:
    mine, path = OwnerLock(tmp_path / "l.lock"), tmp_path / "l.lock"
    child = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True, stdin=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    assert mine.take() is False
    assert mine.holder().startswith(f"pid {child.pid} on ")
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert mine.holder() == ""
    assert mine.take() is True
    assert mine.take() is True
    assert OwnerLock(path).holder().startswith(f"pid {os.getpid()} on ")
    assert OwnerLock(path).take() is False
    mine.release()
    mine.release()
    assert OwnerLock(path).holder() == ""


_OWNER = """
import sys
from pathlib import Path
from core.base.owner_lock import OwnerLock
lock = OwnerLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.03, 0.06, 0.1, 0.15])
def test_a_kill_at_any_write_loses_nothing_that_was_accepted(after_s: float, tmp_path: Path) -> None:
    """The child says each key once `put` has returned; what it said must be there, and nothing torn."""
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "0\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    accepted = [0, *(int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n"))]
    child.wait()

    async def look() -> tuple[dict[str, list[int]], str | None]:
        state = Store(tmp_path, "a1b2")
        found = await state.all("n", list[int])
        await state.put("n", "last", [])
        warning = state.warning
        await state.close()
        return found, warning

    found, warning = asyncio.run(look())
    assert warning is None
    assert {f"{number:06}" for number in accepted} <= set(found)
    assert all(value == [int(key)] * 50 for key, value in found.items())
    assert len(found) <= len(accepted) + 1  # at most the one under way


_WRITER = """
import asyncio, sys
from pathlib import Path
from core.base.store import Store
async def main():
    state = Store(Path(sys.argv[1]), "a1b2")
    for number in range(100000):
        await state.put("n", f"{number:06}", [number] * 50)
        print(number, flush=True)
asyncio.run(main())
"""


def _child(directory: Path, body: str) -> "subprocess.CompletedProcess[str]":
    lines = "\n".join(f"    {line[8:]}" for line in body.splitlines())
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom core.base.store import NotKept, Store\n"
        f"async def main():\n    state = Store(Path({str(directory)!r}), 'a1b2')\n{lines}\n    await state.close()\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done
