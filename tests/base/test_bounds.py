"""Every number of the settings has bounds, and one outside of them is named with them and with where it stands."""

import math
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from core.base.bounds import bounds_of, out_of_bounds
from core.base.settings import Layers, SettingsError, read_layers
from core.services.config import Config
from tests.running import Command, Running
from tui.base.settings import ScreenSettings

SECTIONS = {
    field.name: field.type
    for field in msgspec.structs.fields(Config)
    if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct) and field.name != "target"
} | {"screen": ScreenSettings}

NUMBERS = [
    (section, field)
    for section, struct in SECTIONS.items()
    for field in msgspec.structs.fields(struct)
    if {int, float} & {field.type, *get_args(field.type)}
]


def test_there_are_sections_and_numbers() -> None:
    assert {"watch", "heal", "alerts", "refresh", "limits", "screen"} <= SECTIONS.keys()
    assert len(NUMBERS) > 60


@pytest.mark.parametrize(("section", "field"), NUMBERS, ids=lambda one: getattr(one, "name", one))
def test_a_number_has_bounds_within_which_its_default_lies(section: str, field: Any) -> None:
    meta = bounds_of(field.type)
    assert meta is not None, f"[{section}] {field.name}"
    assert meta.le is not None
    assert meta.ge is not None or meta.gt is not None
    assert out_of_bounds(field.default, field.type) == ""


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300", "-1e300"])
@pytest.mark.parametrize(("section", "field"), NUMBERS, ids=lambda one: getattr(one, "name", one))
def test_what_no_number_should_be_is_refused_by_name(section: str, field: Any, value: str) -> None:
    name = f"WATCHDESK_{section}_{field.name}".upper()
    with pytest.raises(SettingsError) as caught:
        Layers(named=({name: value},)).section(section, SECTIONS[section])
    assert str(caught.value).startswith(f"{name} is not usable: ")


def test_the_file_it_came_from_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WATCHDESK_HEAL_KEEP_LOGS_DAYS=-1\n")
    (tmp_path / "config.toml").write_text("[watch]\ninterval_s = 0.0\n")
    layers = read_layers(directory=tmp_path, environ={}, path=tmp_path / "config.toml")
    with pytest.raises(SettingsError) as from_env:
        layers.section("heal", SECTIONS["heal"])
    told = "WATCHDESK_HEAL_KEEP_LOGS_DAYS (in .env) is not usable: -1 is out of range; allowed: from 1 to 3,650"
    assert str(from_env.value) == told
    with pytest.raises(SettingsError) as from_file:
        layers.section("watch", SECTIONS["watch"])
    assert str(from_file.value).startswith(
        f"{tmp_path / 'config.toml'}: [watch] interval_s is not usable: 0.0 is out of"
    )


def test_not_a_number_is_within_no_bounds() -> None:
    assert out_of_bounds(math.nan, float) == "a finite number"


def test_a_command_ends_with_two_and_deletes_nothing(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES ('kept', 'completed')")
    done = command("heal", "--only", "logs", "--yes", sandbox=sandbox, WATCHDESK_HEAL_KEEP_LOGS_DAYS="-1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "WATCHDESK_HEAL_KEEP_LOGS_DAYS is not usable" in done.stderr
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(1,)]
