"""What lies where `.env` is looked for may be anything: it is read, ignored or refused, soon and in one sentence."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.settings import SettingsError, read_layers
from core.base.small_file import MOST_BYTES
from tests.running import Command

GIVEN = "SUPABASE_URL=http://127.0.0.1:9\n"


def first(directory: Path) -> str | None:
    return read_layers(directory=directory, environ={}, path=directory / "config.toml").first("SUPABASE_URL")


def big(path: Path) -> None:
    path.write_text(GIVEN * (MOST_BYTES // len(GIVEN) + 1))


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe nobody writes to": (os.mkfifo, "its writer did not finish within 2 s"),
    "a device without an end": (lambda path: path.symlink_to("/dev/zero"), "larger than 1,000,000 bytes"),
    "a file that is too large": (big, "larger than 1,000,000 bytes"),
    "not UTF-8": (lambda path: path.write_bytes(GIVEN.encode("utf-16")), "not UTF-8 text"),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
}


@pytest.mark.parametrize("name", [".env", ".env.local", "config.toml"])
@pytest.mark.parametrize("what", REFUSED)
def test_a_settings_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, name: str, what: str) -> None:
    make, why = REFUSED[what]
    make(tmp_path / name)
    with pytest.raises(SettingsError) as caught:
        first(tmp_path)
    assert str(caught.value) == f"{tmp_path / name} cannot be read ({why}); fix or remove it"


@pytest.mark.parametrize("name", [".env", ".env.local", "config.toml"])
def test_a_directory_of_that_name_is_no_settings_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert first(tmp_path) is None


def test_an_empty_device_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(os.devnull)
    assert first(tmp_path) is None


def test_a_pipe_somebody_writes_to_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")

    def write() -> None:
        with (tmp_path / ".env").open("w") as pipe:
            for part in ("SUPABASE_", "URL=http://", "127.0.0.1:9\n"):
                pipe.write(part)
                pipe.flush()
                time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    assert first(tmp_path) == "http://127.0.0.1:9"
    writer.join()


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(GIVEN, encoding="utf-8-sig")
    (tmp_path / "config.toml").write_text("default = 'one'\n", encoding="utf-8-sig")
    assert first(tmp_path) == "http://127.0.0.1:9"


@pytest.mark.parametrize("what", ["a pipe nobody writes to", "a device without an end"])
def test_a_command_beside_such_a_file_ends_with_two_and_a_sentence(tmp_path: Path, command: Command, what: str) -> None:
    make, why = REFUSED[what]
    make(tmp_path / ".env")
    done = command("status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: .env cannot be read ({why}); fix or remove it\n"
