"""What lies under a name of ours and is none of ours is neither followed, nor waited for, nor changed, and is named."""

import errno
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.backend.sessions import SessionFile, StoredSession
from core.base.owner_lock import OwnerLock
from core.base.safe_files import Unsafe, found_aside, move_aside, open_own, own_directory, read_own, replace_own
from core.base.settings import SettingsError, read_layers
from core.base.store import NotKept, Store
from core.history.blackbox import BlackboxRules, Box, Note, Recorder
from core.resilience import Cache
from tests.clock import FakeClock
from tests.history.blackbox.pictures import NOON, picture
from tests.running import ROOT

NOBODY = 65534
TREASURE = b"somebody's treasure"


@pytest.fixture
def treasure(tmp_path: Path) -> Iterator[Path]:
    """A file that is not the product's, and as it was at the end."""
    path = tmp_path / "treasure"
    path.write_bytes(TREASURE)
    path.chmod(0o644)
    yield path
    assert path.read_bytes() == TREASURE
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def bound_socket(path: Path) -> None:
    """Bound from near by: the name of a socket is short."""
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


def anothers(path: Path) -> None:
    path.write_bytes(TREASURE)
    os.chown(path, NOBODY, NOBODY)


PLANTED: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "link": (lambda path, treasure: path.symlink_to(treasure), "a symbolic link"),
    "pipe": (lambda path, _: os.mkfifo(path), "a named pipe"),
    "socket": (lambda path, _: bound_socket(path), "a socket"),
    "directory": (lambda path, _: path.mkdir(), "a directory"),
}
if os.geteuid() == 0:  # only root can make them, and to root alone they would open
    PLANTED["another's"] = (lambda path, _: anothers(path), "belongs to another user")
    PLANTED["device"] = (lambda path, _: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7)), "a device")


@pytest.fixture(params=PLANTED)
def plant(request: pytest.FixtureRequest, treasure: Path) -> Callable[[Path], str]:
    """Puts something under a name; the words for it."""
    make, words = PLANTED[request.param]

    def put(path: Path) -> str:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make(path, treasure)
        return words

    return put


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_TRUNC])
def test_it_is_named_with_what_to_do_whatever_it_was_opened_for(
    plant: Callable[[Path], str], tmp_path: Path, flags: int
) -> None:
    words = plant(tmp_path / "name")
    before = (tmp_path / "name").lstat()
    with pytest.raises(Unsafe, match=words) as raised:
        open_own(tmp_path / "name", flags)
    assert str(raised.value).endswith("move it away")
    assert raised.value.strerror == str(raised.value)
    after = (tmp_path / "name").lstat()
    assert (after.st_mode, after.st_size, after.st_mtime) == (before.st_mode, before.st_size, before.st_mtime)


def test_what_came_there_after_the_look_is_refused_as_well(
    plant: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, path = os.open, tmp_path / "name"

    def planted_in_between(name: Path, *args: int) -> int:
        if not os.path.lexists(path):
            plant(path)
        return opened(name, *args)

    monkeypatch.setattr(os, "open", planted_in_between)
    with pytest.raises(Unsafe):
        open_own(path, os.O_RDWR | os.O_CREAT)


def test_an_own_file_is_read_written_and_bounded(tmp_path: Path) -> None:
    replace_own(tmp_path / "name", b"ours")
    assert read_own(tmp_path / "name", 4) == b"ours"
    assert stat.S_IMODE((tmp_path / "name").stat().st_mode) == 0o600
    with pytest.raises(OSError, match="larger than 3 bytes") as raised:
        read_own(tmp_path / "name", 3)
    assert raised.value.errno == errno.EFBIG
    os.close(open_own(tmp_path / "name", os.O_WRONLY | os.O_TRUNC))
    assert (tmp_path / "name").read_bytes() == b""


def test_a_directory_that_is_a_link_or_lies_in_one_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "linked").symlink_to("real")
    with pytest.raises(Unsafe, match="a symbolic link"):
        own_directory(tmp_path / "linked")
    with pytest.raises(Unsafe, match="a symbolic link"):
        own_directory(tmp_path / "linked" / "state", above=1)
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o755
    assert not list((tmp_path / "real").iterdir())
    own_directory(tmp_path / "real")
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o700


def test_what_was_set_aside_is_found_with_its_time_and_hides_nothing_older(tmp_path: Path) -> None:
    path = tmp_path / "100%.db"
    for text in ("one", "two"):
        path.write_text(text)
        move_aside(path)
    (tmp_path / "100%.db.yesterday.broken").touch()
    assert [aside.path.read_text() for aside in found_aside(path)] == ["one", "two"]


async def test_a_state_whose_file_is_none_of_ours_is_named_and_left_as_it_is(
    plant: Callable[[Path], str], tmp_path: Path
) -> None:
    words = plant(tmp_path / "state" / "a1b2.db")
    state = Store(tmp_path / "state", "a1b2")
    await state.open()
    assert words in (state.warning or "")
    with pytest.raises(NotKept, match=words):
        await state.put("hold", "x", 1)
    assert await state.all("hold", int) == {}
    await state.close()


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("store", ["state", "cache"])
async def test_what_lies_beside_a_database_is_looked_at_too(
    plant: Callable[[Path], str], tmp_path: Path, end: str, store: str
) -> None:
    if store == "state":
        words = plant(tmp_path / "state" / f"a1b2.db{end}")
        state = Store(tmp_path / "state", "a1b2")
        await state.open()
        assert words in (state.warning or "")
        await state.close()
    else:
        words = plant(tmp_path / "cache" / "a1b2" / f"cache.db{end}")
        cache = Cache(tmp_path / "cache", "a1b2", FakeClock())
        assert words in (cache.warning or "")
        cache.close()


async def test_a_cache_whose_file_is_none_of_ours_leaves_the_memory(
    plant: Callable[[Path], str], tmp_path: Path
) -> None:
    words, clock = plant(tmp_path / "cache" / "a1b2" / "cache.db"), FakeClock()
    cache = Cache(tmp_path / "cache", "a1b2", clock)
    await cache.put("config", 1, clock.now())
    assert words in (cache.warning or "")
    kept = await cache.get("config")
    assert kept is not None
    assert kept.layer == "memory"
    cache.close()


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("watchdesk", ("state", "cache", "black box")),
        ("watchdesk/state", ("state",)),
        ("watchdesk/a1b2", ("cache",)),
        ("watchdesk/blackbox", ("black box",)),
        ("watchdesk/blackbox/a1b2", ("black box",)),
    ],
)
async def test_a_directory_of_stores_that_is_a_link_is_named_and_its_target_left_alone(
    tmp_path: Path, link: str, told: tuple[str, ...]
) -> None:
    target, root = tmp_path / "elsewhere", tmp_path / "watchdesk"
    target.mkdir(mode=0o755)
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(target)
    state, cache = Store(root / "state", "a1b2"), Cache(root, "a1b2", FakeClock())
    recorder = Recorder(root / "blackbox" / "a1b2", BlackboxRules(), FakeClock())
    await state.open()
    state.own()
    recorder.record(picture(0))
    warnings = {"state": state.warning, "cache": cache.warning, "black box": recorder.warning}
    assert tuple(name for name, words in warnings.items() if "a symbolic link" in (words or "")) == told
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    recorder.close(NOON)
    cache.close()
    await state.close()
    assert not [path for path in target.rglob("*") if path.is_file()]


def test_a_lock_that_is_none_of_ours_is_set_aside_and_its_target_keeps_what_it_holds(
    plant: Callable[[Path], str], tmp_path: Path
) -> None:
    path = tmp_path / "state" / "a1b2.lock"
    words, lock = plant(path), OwnerLock(path)
    assert OwnerLock(path).holder() == ""
    assert lock.take() is True
    assert words in lock.warning
    (aside,) = found_aside(path)
    assert str(aside.path) in lock.warning
    assert OwnerLock(path).take() is False
    lock.release()


def test_a_segment_and_notes_that_are_none_of_ours_are_set_aside_and_it_records(
    plant: Callable[[Path], str], tmp_path: Path
) -> None:
    place = tmp_path / "blackbox" / "a1b2"
    words = plant(place / "0000-00000001-1700000000000.box")
    plant(place / "notes.box")
    box = Box(place)
    assert box.span() is None
    assert [words in said for said in box.damage()] == [True, True]
    recorder = Recorder(place, BlackboxRules(), FakeClock())
    recorder.record(picture(0))
    assert "moved aside" in (recorder.warning or "")
    assert box.at(NOON) == picture(0)
    box.note(NOON, "noted", "ann")
    assert [note.text for note in box.notes(NOON, picture(9).at)] == ["noted"]
    recorder.close(NOON)


def test_notes_that_are_none_of_ours_refuse_a_note_in_words(plant: Callable[[Path], str], tmp_path: Path) -> None:
    words = plant(tmp_path / "box" / "notes.box")
    with pytest.raises(NotKept, match=words):
        Box(tmp_path / "box").note(NOON, "noted", "ann")
    assert Note(at=NOON, written_at=NOON, who="", text="") not in Box(tmp_path / "box").notes(NOON, picture(9).at)


SESSION = StoredSession(url="https://a.example", email="a@b.c", access_token="t", refresh_token="r", expires_at=1.0)


def test_a_stored_session_that_is_none_of_ours_is_named_and_replaced_by_the_next_one(
    plant: Callable[[Path], str], tmp_path: Path
) -> None:
    file = SessionFile(tmp_path / "sessions", SESSION.url)
    words = plant(file._path)
    assert file.load() is None
    assert words in file.trouble
    if words != "a directory":  # a name is replaced, and not what it points to
        file.save(SESSION)
        assert file.load() == SESSION


def test_configuration_may_be_a_link_and_is_bounded(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as real:
        real.write("[screen]\r\nascii = true\r\n")
        real.flush()
        (tmp_path / "config.toml").symlink_to(real.name)
        layers = read_layers(directory=tmp_path, environ={}, path=tmp_path / "config.toml")
        assert layers.table("screen") == {"ascii": True}
        real.truncate(3_000_000_000)
        with pytest.raises(SettingsError, match="larger than 1,000,000 bytes"):
            read_layers(directory=tmp_path, environ={}, path=tmp_path / "config.toml")


_WITHOUT_FLAGS = """
import os, sys
from pathlib import Path
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_DIRECTORY", "fchmod", "geteuid"):
    delattr(os, name)
from core.base.safe_files import Unsafe, open_own, own_directory, prepare_database, replace_own
place = Path(sys.argv[1])
for name in ("link", "pipe"):
    for flags in (os.O_RDONLY, os.O_RDWR | os.O_CREAT):
        try:
            open_own(place / name, flags)
        except Unsafe as error:
            print(error)
own_directory(place / "made", above=1)
prepare_database(place / "made" / "a.db")
replace_own(place / "made" / "b", b"ours")
"""


def test_on_a_platform_without_the_flags_looking_first_has_to_do(treasure: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "link").symlink_to(treasure)
    os.mkfifo(place / "pipe")
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_FLAGS, str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.splitlines() == [
        *[f"{place}/link is a symbolic link, not a file; move it away"] * 2,
        *[f"{place}/pipe is a named pipe, not a file; move it away"] * 2,
    ]
    assert sorted(path.name for path in (place / "made").iterdir()) == ["a.db", "b"]
