"""A name that nothing reads is refused: what was set and does nothing would pass for what was meant."""

import re
from pathlib import Path

import pytest

from core.base.settings import SettingsError, read_layers
from tests.running import ROOT, Command, Running
from tui.cli.layers import TABLES, key_names, setting_names

NAMES = setting_names() | key_names()


def refusal(tmp_path: Path, **environ: str) -> str:
    layers = read_layers(directory=tmp_path, environ=environ, path=tmp_path / "config.toml")
    with pytest.raises(SettingsError) as caught:
        layers.refuse_unknown(NAMES, TABLES)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("WATCHDESK_WATCH_INTERVALL_S", "WATCHDESK_WATCH_INTERVAL_S"),
        ("watchdesk_watch_interval_s", "WATCHDESK_WATCH_INTERVAL_S"),
        ("WATCHDESK_INTERVAL_S", "WATCHDESK_WATCH_INTERVAL_S"),
        ("WATCHDESK_PROJECT_COLOR", "WATCHDESK_PROJECT_COLOUR"),
        ("WATCHDESK_FUNCTIONS_KEY", "WATCHDESK_FUNCTION_KEY"),
        ("WATCHDESK_DRYRUN", "WATCHDESK_DRY_RUN"),
        ("WATCHDESK_SCREEN_THEM", "WATCHDESK_SCREEN_THEME"),
        ("WATCHDESK_KEYS_HEALL", "WATCHDESK_KEYS_HEAL"),
    ],
)
def test_an_unknown_name_is_refused_with_the_one_that_was_meant(tmp_path: Path, given: str, meant: str) -> None:
    assert refusal(tmp_path, **{given: "1"}) == f"no such setting: {given}; did you mean {meant}?"


def test_an_unknown_name_like_no_other_is_to_be_taken_out(tmp_path: Path) -> None:
    assert refusal(tmp_path, WATCHDESK_QQQQ="1") == "no such setting: WATCHDESK_QQQQ; take it out"


@pytest.mark.parametrize("file", [".env", ".env.local"])
def test_an_unknown_name_in_a_file_is_told_with_the_file(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("WATCHDESK_SCREEN_THEM=dark\n")
    assert (
        refusal(tmp_path) == f"no such setting: WATCHDESK_SCREEN_THEM (in {file}); did you mean WATCHDESK_SCREEN_THEME?"
    )


@pytest.mark.parametrize(("table", "remedy"), [("wacth", "did you mean [watch]?"), ("qqqq", "take it out")])
def test_an_unknown_table_of_the_file_is_refused(tmp_path: Path, table: str, remedy: str) -> None:
    (tmp_path / "config.toml").write_text(f"[{table}]\ninterval_s = 5\n")
    assert refusal(tmp_path) == f"{tmp_path / 'config.toml'}: no such table: [{table}]; {remedy}"


def test_every_name_is_accepted_and_an_empty_one_counts_as_not_set(tmp_path: Path) -> None:
    environ = dict.fromkeys(NAMES, "x") | {"WATCHDESK_FOO": " "}
    read_layers(directory=tmp_path, environ=environ, path=tmp_path / "none").refuse_unknown(NAMES, TABLES)


def test_every_name_the_code_and_its_documents_tell_is_one() -> None:
    told = {
        name
        for path in (*ROOT.glob("core/**/*.py"), *ROOT.glob("tui/**/*.py"), ROOT / "README.md")
        for name in re.findall(r"\bWATCHDESK_[A-Z]\w*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert {"WATCHDESK_PROJECT_COLOUR", "WATCHDESK_KEYS_HEAL", "WATCHDESK_AUTONOMOUS"} <= told
    assert told <= NAMES


@pytest.mark.parametrize(
    "words", [("status", "--json"), ("heal", "--yes"), ("logout",), ("sql", "indexes"), ("demo",), ()]
)
def test_a_command_with_an_unknown_name_ends_with_two_and_says_so_once(
    sandbox: Running, command: Command, words: tuple[str, ...]
) -> None:
    done = command(*words, sandbox=sandbox, WATCHDESK_WATCH_INTERVALL_S="60")
    assert (done.returncode, done.stdout) == (2, "")
    told = "Error: no such setting: WATCHDESK_WATCH_INTERVALL_S; did you mean WATCHDESK_WATCH_INTERVAL_S?\n"
    assert done.stderr.startswith(told)
    assert done.stderr.count("no such setting") == 1


def test_a_key_that_is_moved_is_known_to_every_command(sandbox: Running, command: Command) -> None:
    done = command("status", sandbox=sandbox, WATCHDESK_KEYS_HEAL="H", WATCHDESK_SCREEN_THEME="light")
    assert (done.returncode, done.stderr) == (0, "")


OLD = "watchdesk: WATCHDESK_OWN_STILL_S is now called WATCHDESK_SELF_MONITORING_STILL_S; the old name is read for one"


def test_an_old_section_is_read_and_named_on_the_page_and_on_stderr(sandbox: Running, command: Command) -> None:
    done = command("status", sandbox=sandbox, WATCHDESK_OWN_STILL_S="20")
    assert (done.returncode, done.stderr) == (0, f"{OLD} release\n")
    assert "WATCHDESK_SELF_MONITORING_STILL_S; the old name" in " ".join(done.stdout.split())


def test_an_old_section_in_the_file_is_read_and_named(sandbox: Running, command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[fights]\ntasks_s = "many"\n')
    done = command("status", "--json", sandbox=sandbox)
    notice, error = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "[fights] is now called [conflicts]; the old name is read for one release" in notice
    assert error.startswith("Error: ")
    assert "tasks_s is not usable" in error
