"""A section's old name is read and said; where both are set the new one counts; what nobody knows stays unknown."""

from pathlib import Path
from typing import Any

import pytest

from core.base.renamed_settings import with_new_fields, with_new_names
from core.base.settings import Layers, SettingsError

PATH = Path("/c/config.toml")
NAMES = {"WATCHDESK_CONFLICTS_TASKS_S", "WATCHDESK_CONFLICTS_TOLD_S"}
NOW_CALLED = "WATCHDESK_FIGHTS_TASKS_S is now called WATCHDESK_CONFLICTS_TASKS_S; the old name is read for one release"
TABLE = f"{PATH}: [fights] is now called [conflicts]; the old name is read for one release"


def read(*named: dict[str, str], **file: Any) -> Layers:
    return with_new_names(Layers(named=named, file=file, path=PATH), {"fights": "conflicts"}, NAMES)


def test_an_old_variable_is_read_under_its_new_name_and_said_once() -> None:
    layers = read({"WATCHDESK_FIGHTS_TASKS_S": "5"})
    assert layers.first("WATCHDESK_CONFLICTS_TASKS_S") == "5"
    assert layers.notices == (NOW_CALLED,)
    assert layers.strange_names(NAMES) == []


def test_an_old_variable_keeps_its_layer_and_its_spelling() -> None:
    layers = read({}, {}, {"WATCHDESK_FIGHTS_TASKS_S": "5"}, {"WATCHDESK_FIGHTS_TASKS_S": "6"})
    found = layers.found("conflicts", "tasks_s")
    assert found is not None
    assert (found[0], str(found[1])) == ("5", "WATCHDESK_FIGHTS_TASKS_S (in .env.local)")
    assert len(layers.notices) == 1


@pytest.mark.parametrize("new", [({}, {"WATCHDESK_CONFLICTS_TASKS_S": "7"}), ({}, {})])
def test_where_both_are_set_the_new_one_counts_and_that_is_said(new: tuple[dict[str, str], ...]) -> None:
    old, *more = new
    layers = read(old | {"WATCHDESK_FIGHTS_TASKS_S": "5"}, *more, conflicts={"tasks_s": 7})
    found = layers.found("conflicts", "tasks_s")
    assert found is not None
    assert str(found[0]) == "7"
    (notice,) = layers.notices
    assert notice.startswith("WATCHDESK_FIGHTS_TASKS_S is not used: ")
    assert notice.endswith(f"{found[1]} is set, its new name")


def test_an_old_table_is_read_under_its_new_name() -> None:
    layers = read(fights={"tasks_s": 5})
    assert (layers.table("conflicts"), layers.notices) == ({"tasks_s": 5}, (TABLE,))
    assert "fights" not in layers.file


def test_of_two_tables_the_new_one_counts_and_that_is_said() -> None:
    layers = read(fights={"tasks_s": 5, "told_s": 6}, conflicts={"tasks_s": 7})
    assert layers.table("conflicts") == {"tasks_s": 7, "told_s": 6}
    assert layers.notices == (f"{TABLE}, and tasks_s of [conflicts] is used",)


def test_an_unknown_name_of_an_old_section_stays_unknown() -> None:
    layers = read({"WATCHDESK_FIGHTS_TASKZ_S": "5"})
    assert (layers.strange_names(NAMES), layers.notices) == (["WATCHDESK_FIGHTS_TASKZ_S"], ())


def test_an_old_name_that_is_empty_is_not_set_and_a_table_that_is_none_is_refused() -> None:
    assert read({"WATCHDESK_FIGHTS_TASKS_S": " "}).notices == ()
    with pytest.raises(SettingsError, match=r"'fights' must be a table, write \[fights\]"):
        read(fights=5)


def test_nothing_old_changes_nothing_and_twice_is_once() -> None:
    untouched = Layers(named=({"WATCHDESK_CONFLICTS_TASKS_S": "5"},), path=PATH)
    assert with_new_names(untouched, {"fights": "conflicts"}, NAMES) == untouched
    once = read({"WATCHDESK_FIGHTS_TASKS_S": "5"}, fights={"told_s": 6})
    assert with_new_names(once, {"fights": "conflicts"}, NAMES) == once


KEYS = {("keys", "lift"): "resume"}


def test_a_single_setting_is_read_under_its_new_name_and_said() -> None:
    layers = with_new_fields(Layers(named=({"WATCHDESK_KEYS_LIFT": "f5"},), file={}, path=PATH), KEYS)
    assert layers.first("WATCHDESK_KEYS_RESUME") == "f5"
    assert layers.strange_names({"WATCHDESK_KEYS_RESUME"}) == []
    (notice,) = layers.notices
    assert notice == "WATCHDESK_KEYS_LIFT is now called WATCHDESK_KEYS_RESUME; the old name is read for one release"


@pytest.mark.parametrize(
    ("table", "used"),
    [({"lift": "f5"}, ""), ({"lift": "f6", "resume": "f5"}, ", and that is set")],
)
def test_a_single_setting_of_the_file_too(table: dict[str, str], used: str) -> None:
    layers = with_new_fields(Layers(named=(), file={"keys": table}, path=PATH), KEYS)
    assert layers.table("keys") == {"resume": "f5"}
    release = "the old name is read for one release"
    assert layers.notices == (f"{PATH}: [keys] lift is now called resume; {release}{used}",)


def test_nothing_is_said_where_no_old_name_is_set() -> None:
    layers = Layers(named=({"WATCHDESK_KEYS_RESUME": "f5"},), file={"keys": {"resume": "f5"}}, path=PATH)
    assert with_new_fields(layers, KEYS) == layers
