"""`config show` prints every setting as its struct declares it, where its value came from, and no secret."""

import json
from typing import Any

import msgspec
import pytest

from core.base.attribute_docs import attribute_docs
from core.base.settings import Layers
from core.services.config import SECTIONS
from tests.running import ONE_SHAPE, Command, Running
from tui.base.settings import ScreenSettings
from tui.cli.layers import key_names, setting_names
from tui.cli.screen_options import ScreenOptions
from tui.cli.settings_reference import NAMES, about, settings

STRUCTS: dict[str, type[msgspec.Struct]] = {**SECTIONS, "screen": ScreenSettings}


def shown(command: Command, *words: str, **env: str) -> dict[tuple[str, str], dict[str, Any]]:
    done = command(*words, "config", "show", "--json", **env)
    assert (done.returncode, done.stderr) == (0, "")
    return {(one["section"], one["name"]): one for one in json.loads(done.stdout)["settings"]}


def test_every_setting_says_what_it_is_and_every_section_what_it_is_about() -> None:
    for section, kind in STRUCTS.items():
        docs = attribute_docs(kind)
        assert [name for name in kind.__struct_fields__ if not docs.get(name)] == [], section
    assert all(about(name) for name in NAMES)


def test_every_setting_and_every_environment_name_is_there() -> None:
    env = {"SUPABASE_URL": "https://example.supabase.co", "SUPABASE_KEY": "sb_secret_x"}
    found = settings(Layers(named=(env,)), ScreenOptions(), project=None, observe=False)
    assert {name for one in found for name in one.variables} >= setting_names() | key_names()
    for section, kind in STRUCTS.items():
        assert [one.name for one in found if one.section == section] == list(kind.__struct_fields__)
    assert {one.section for one in found} == set(NAMES)


def test_a_setting_has_its_unit_default_and_bounds(command: Command) -> None:
    one = shown(command)["watch", "interval_s"]
    assert (one["value"], one["unit"], one["default"], one["source"]) == (300.0, "s", 300.0, "default")
    assert one["bounds"] == {"least": 1.0, "most": 604800.0, "text": "from 1 to 604,800"}
    assert one["variables"] == ["WATCHDESK_WATCH_INTERVAL_S"]


def test_where_a_value_came_from_is_said_for_every_layer(command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    file = place / "config.toml"
    file.write_text('[watch]\ninterval_s = 60\n\n[keys]\nheal = "H"\n\n[blackbox]\ndays = 7\n')
    (command.home / ".env").write_text("WATCHDESK_BLACKBOX_DAYS=8\nWATCHDESK_HEAL_BRAKE_ROWS=9\n")
    (command.home / ".env.local").write_text("VITE_AUTONOMOUS_MODE=true\n")
    found = shown(command, "--theme", "light", "--no-mouse", "--observe", WATCHDESK_SCREEN_THEME="dark")
    told = {key: (one["value"], one["source"], one["from"]) for key, one in found.items() if one["source"] != "default"}
    assert told == {
        ("watch", "interval_s"): (60.0, "file", f"{file}: [watch] interval_s"),
        ("keys", "heal"): ("H", "file", f"{file}: [keys] heal"),
        ("blackbox", "days"): (8.0, ".env", "WATCHDESK_BLACKBOX_DAYS"),
        ("heal", "brake_rows"): (9, ".env", "WATCHDESK_HEAL_BRAKE_ROWS"),
        ("autonomy", "autonomous"): (True, ".env.local", "VITE_AUTONOMOUS_MODE"),
        ("autonomy", "observe"): (True, "flag", "--observe"),
        ("screen", "theme"): ("light", "flag", "--theme"),
        ("screen", "mouse"): (False, "flag", "--no-mouse"),
    }


def test_a_setting_under_its_old_name_is_told_with_the_name_it_has(command: Command) -> None:
    done = command("config", "show", "conflicts", WATCHDESK_FIGHTS_TOLD_S="60")
    assert "WATCHDESK_FIGHTS_TOLD_S is now called WATCHDESK_CONFLICTS_TOLD_S" in done.stderr
    assert "told_s = 60 s  (from WATCHDESK_FIGHTS_TOLD_S; default 3600 s; " in done.stdout


SECRETS = {
    "SUPABASE_KEY": "sb_secret_hushhush",
    "SUPABASE_PASSWORD": "hushhush",
    "SUPABASE_ACCESS_TOKEN": "eyJ.hushhush.x",
    "WATCHDESK_FUNCTION_KEY": "eyJhushhush",
    "VITE_SUPABASE_PUBLISHABLE_DEFAULT_KEY": "sb_publishable_hushhush",
    "WATCHDESK_ALERTS_SMTP_PASSWORD": "hushhush",
    "WATCHDESK_ALERTS_CHANNELS": "slack://hushhush/hushhush",
    "WATCHDESK_ALERTS_CONTACTS": "anna@example.org ntfys://hushhush",
    "WATCHDESK_WATCH_HEARTBEAT_URL": "https://beat.example.org/hushhush?hush=hush",
    "WATCHDESK_WATCH_CONTROL_URL": "https://me:hu/hush@other.example.org/hushhush",
}


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_no_secret_is_shown(command: Command, more: tuple[str, ...]) -> None:
    done = command("config", "show", *more, SUPABASE_URL="https://example.supabase.co", **SECRETS)
    assert (done.returncode, done.stderr) == (0, "")
    assert "hush" not in done.stdout
    assert "anna@example.org" in done.stdout
    assert "https://beat.example.org/…" in done.stdout


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://beat.example.org", "https://beat.example.org"),
        ("https://beat.example.org:8443/", "https://beat.example.org:8443"),
        ("https://beat.example.org/x/y", "https://beat.example.org/…"),
        ("https://beat.example.org?x", "https://beat.example.org/…"),
        ("https://beat.example.org#x", "https://beat.example.org/…"),
        ("https://u:p@beat.example.org", "https://…"),
        ("https://u:p/q@beat.example.org", "https://…"),
        ("https://beat.example.org/p@q", "https://…"),
    ],
)
def test_of_an_address_that_may_hold_a_secret_the_host_alone_is_shown(address: str, shown: str) -> None:
    layers = Layers(named=({"WATCHDESK_WATCH_HEARTBEAT_URL": address},))
    found = settings(layers, ScreenOptions(), project=None, observe=False)
    assert [one.value for one in found if one.name == "heartbeat_url"] == [shown]


def test_a_projects_settings_come_from_its_table_and_say_whether_they_are_set(command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[projects.one]\nurl = "https://one.supabase.co"\nkey = "sb_secret_hush"\n')
    found = shown(command, "--project", "one", SUPABASE_URL="https://other.supabase.co")
    url, key = found["project", "url"], found["project", "key"]
    assert (url["value"], url["from"]) == (
        "https://one.supabase.co",
        f"{place / 'config.toml'}: [projects.one] url",
    )
    assert (key["value"], key["secret"], found["project", "password"]["value"]) == ("set", True, "not set")


def test_without_a_project_the_sections_are_shown(command: Command) -> None:
    done = command("config", "show")
    assert (done.returncode, done.stderr) == (0, "")
    assert "none is configured; set SUPABASE_URL and SUPABASE_KEY" in done.stdout
    assert "interval_s = 300 s  (default; from 1 to 604,800)" in done.stdout


def test_a_section_alone(command: Command) -> None:
    done = command("config", "show", "stuck")
    assert done.stdout.startswith("[stuck] ")
    assert done.stdout.count("[") == 1


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (("show", "wathc"), {}, "'wathc' is not one of"),
        (
            ("show",),
            {"WATCHDESK_WATCH_INTERVAL_S": "0"},
            "WATCHDESK_WATCH_INTERVAL_S is not usable: 0 is out",
        ),
        (("show",), {"WATCHDESK_WATCH_INTERVALL_S": "1"}, "no such setting: WATCHDESK_WATCH_INTERVALL_S"),
        (("show",), {"SUPABASE_URL": "https://example.supabase.co"}, "SUPABASE_URL is set but no key"),
        (("show",), {"WATCHDESK_KEYS_HEAL": "heel"}, "[keys] heal: 'heel' is not a key"),
    ],
)
def test_bad_input_ends_with_two_and_one_sentence(
    command: Command, words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    done = command("config", *words, **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_paths_are_printed_and_whether_they_are_there_even_if_they_cannot_be_parsed(command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    (place / "config.toml").write_text("[[[")
    (command.home / ".env").mkdir()
    done = command("config", "path")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{place / 'config.toml'}  (there)" in done.stdout
    assert f"{command.home / '.env'}  (a directory, not read)" in done.stdout
    assert f"{command.home / '.env.local'}  (not there)" in done.stdout
    found = json.loads(command("config", "path", "--json").stdout)
    assert [one["there"] for one in found["read"]] == ["there", "a directory, not read", "not there"]


@ONE_SHAPE
def test_what_is_shown_is_what_holds(sandbox: Running, command: Command) -> None:
    done = command("config", "show", "project", sandbox=sandbox)
    assert sandbox.url in done.stdout
    assert sandbox.service_key not in done.stdout


def test_a_setting_whose_section_is_still_a_comment_is_told_so(command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    entry = 'url = "https://one.supabase.co"\nkey = "sb_secret_hush"\n'
    (place / "config.toml").write_text(f'[projects.one]\n{entry}# [alerts]\ncontacts = ["me@example.org"]\n')
    told = command("status")
    assert told.returncode == 2
    assert "[projects.one] has no setting 'contacts'" in told.stderr
    assert "such as [alerts]" in told.stderr
