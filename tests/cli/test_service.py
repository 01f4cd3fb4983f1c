"""`watchdesk service install`: units that systemd accepts, written once, replaced only when asked."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import Command
from tui.cli.commands import service as service_command
from tui.service.unit import Service, as_the_service, units


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


def test_a_dynamic_users_files_are_where_no_link_leads_to() -> None:
    """Under DynamicUser /var/lib/watchdesk is a link, and nothing that is private is kept behind one."""
    (text,) = units(Service(command="/opt/watchdesk"), timer=False).values()
    assert "\nUser=watchdesk\nStateDirectory=watchdesk\nCacheDirectory=watchdesk\n" in text
    assert "XDG_STATE_HOME=/var/lib/private XDG_CACHE_HOME=/var/cache/private" in text


def test_a_command_as_the_service_has_its_user_files_and_settings_and_no_more_rights() -> None:
    (text,) = units(Service(command="/opt/watchdesk"), timer=False).values()
    line = as_the_service(["/opt/watchdesk", "report"], terminal=False)
    assert line[:5] == ["systemd-run", "--quiet", "--collect", "--wait", "--pipe"]
    given = [word.removeprefix("--property=") for word in line if word.startswith("--property=")]
    assert set(given) <= set(text.splitlines())
    assert {"DynamicUser=yes", "User=watchdesk", "ProtectSystem=strict"} < set(given)
    assert any(one.startswith("LoadCredential=") for one in given)
    assert line[-3:] == ["--", "/opt/watchdesk", "report"]


def test_the_file_for_the_key_is_made_private_and_left_as_it_is(command: Command) -> None:
    file = command.home / "config" / "watchdesk" / "watchdesk.env"
    told = command("service", "install", "--user").stdout
    assert f"written: {file}\n" in told
    assert f"write URL and key into {file}" in told
    assert file.stat().st_mode & 0o777 == 0o600
    assert command("status", CREDENTIALS_DIRECTORY=str(file.parent)).returncode == 2  # empty is not set
    file.write_text("SUPABASE_KEY=mine\n")
    file.with_name("config.toml").write_text("")
    again = command("service", "install", "--user").stdout
    assert f"written: {file}" not in again
    assert f"it reads {file.with_name('config.toml')}, and {file}:" in again
    assert file.read_text() == "SUPABASE_KEY=mine\n"


@pytest.mark.parametrize("part", ["prefix", "base_prefix"])
def test_a_python_in_a_home_is_told_before_a_unit_is_written(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in {"prefix": "/opt/w", "base_prefix": "/usr", part: "/home/ann/.pyenv/3.12"}.items():
        monkeypatch.setattr("sys." + name, place)
    monkeypatch.setattr("sys.argv", ["/opt/w/bin/watchdesk"])
    assert service_command._hidden() == Path("/home/ann/.pyenv/3.12")
    monkeypatch.setattr("sys." + part, "/usr")
    assert service_command._hidden() is None


def test_one_unit_is_for_all_projects_of_a_user(command: Command) -> None:
    done = command("service", "install", "--user", "--all", "--timer", "--print")
    assert "Description=watchdesk: watches all projects" in done.stdout
    assert re.search(r"^ExecStart=\S+ watch --all$", done.stdout, re.M)
    assert re.search(r"^ExecStart=\S+ status --all$", done.stdout, re.M)
    refused = command("service", "install", "--all", "--print")
    assert refused.returncode == 2
    assert "--all needs --user" in refused.stderr


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
