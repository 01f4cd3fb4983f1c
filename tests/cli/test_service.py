"""`watchdesk service install`: units that systemd accepts, written once, replaced only when asked."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import Command
from tui.cli.commands import service as service_command
from tui.service.unit import Service, units


@pytest.mark.parametrize("user", [False, True])
def test_systemd_accepts_the_units(user: bool, tmp_path: Path) -> None:
    """Asked of systemd itself, where it is there; each line is a section, a setting or a remark in any case."""
    made = Service(command="/bin/true --project shop", project="shop", metrics="127.0.0.1:9464", user=user)
    for name, text in units(made, timer=True).items():
        (tmp_path / name).write_text(text)
        assert all(re.fullmatch(r"\[\w+\]|#.*|[A-Z]\w+=.*|", line) for line in text.splitlines())
    if shutil.which("systemd-analyze") is None:
        return
    for name in units(made, timer=True):
        words = ["systemd-analyze", *(["--user"] if user else []), "verify", str(tmp_path / name)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
        assert complaints == [], done.stderr


def test_the_units_say_what_they_are_for() -> None:
    made = units(Service(command="/opt/watchdesk", project="shop", metrics="[::1]:9464"), timer=False)
    (text,) = made.values()
    assert "Description=watchdesk: watches shop" in text
    assert "ExecStart=/opt/watchdesk watch --metrics [::1]:9464" in text
    assert "RestartPreventExitStatus=2" in text
    assert "LoadCredential=watchdesk.env:/etc/watchdesk/watchdesk.env" in text


def test_a_user_unit_is_written_once_and_replaced_only_when_asked(command: Command) -> None:
    place = command.home / "config" / "systemd" / "user" / "watchdesk.service"
    done = command("service", "install", "--user")
    assert done.returncode == 0, done
    assert "systemctl --user enable --now watchdesk.service" in done.stdout
    text = place.read_text()
    assert command("service", "install", "--user").returncode == 0
    place.write_text("mine")
    refused = command("service", "install", "--user")
    assert (refused.returncode, place.read_text()) == (2, "mine")
    assert "differs" in refused.stderr
    assert command("service", "install", "--user", "--yes").returncode == 0
    assert place.read_text() == text


def test_a_program_no_service_can_read_is_no_unit_of_the_system(command: Command) -> None:
    done = command("service", "install", "--metrics", "nowhere")
    assert done.returncode != 0
    assert "write HOST:PORT" in done.stderr


@pytest.mark.parametrize(
    ("word", "quoted"),
    [("/opt/a b/watchdesk", '"/opt/a b/watchdesk"'), ("50%", "50%%"), ("$HOME", "$$HOME"), ('a"b', '"a\\"b"')],
)
def test_a_word_stands_for_itself_in_a_unit(word: str, quoted: str) -> None:
    assert service_command._quoted(word) == quoted
