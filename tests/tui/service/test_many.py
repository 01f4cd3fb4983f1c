"""What many processes need, without any: when they are begun again, their metrics as one text."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.hostile import HOSTILE
from tests.tui.well import ACTIVE
from tui.cli.exit_codes import worst
from tui.cli.exits import CRITICAL, DONE, PARTLY, UNREACHABLE, WRONG
from tui.service.merged_metrics import merged
from tui.service.metrics import exposition
from tui.service.restarts import RestartRules

RULES = RestartRules()


def test_each_pause_is_twice_the_last_one_up_to_the_longest_and_anew_once_it_ran_well() -> None:
    pauses = [0.0]
    for _ in range(12):
        pauses.append(RULES.pause_s(pauses[-1], ran_s=1.0, person=False))
    assert pauses[1:5] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == RULES.most_s
    assert RULES.pause_s(RULES.most_s, ran_s=RULES.well_s, person=False) == RULES.first_s
    assert RULES.pause_s(0.0, ran_s=1.0, person=True) == RULES.person_s


def test_one_hangs_before_it_is_lost() -> None:
    assert [(RULES.hangs(s), RULES.is_lost(s)) for s in (29.0, 30.0, 60.0)] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_every_sample_names_its_project_and_each_family_is_told_once() -> None:
    text = exposition(ACTIVE, ACTIVE.at).decode()
    families = list(text_string_to_metric_families(merged({"a": (text, 0.0), "b": (text, 7.0)}).decode()))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    samples = [one for family in families for one in family.samples]
    alone = [one for family in text_string_to_metric_families(text) for one in family.samples]
    assert len(samples) == 2 * len(alone)
    assert {one.labels["project"] for one in samples} == {"a", "b"}
    ages = {one.labels["project"]: one.value for one in samples if one.name == "watchdesk_snapshot_age_seconds"}
    assert ages == {"a": 0.0, "b": 7.0}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_name_breaks_out_of_its_label(name: str) -> None:
    text = merged({name: ("# HELP up x\n# TYPE up gauge\nup 1.0\n", 0.0)}).decode()
    assert text.count("\n") == 3


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((), DONE),
        ((DONE, PARTLY), PARTLY),
        ((WRONG, PARTLY, DONE), WRONG),
        ((UNREACHABLE, WRONG), UNREACHABLE),
        ((UNREACHABLE, CRITICAL, WRONG), CRITICAL),
    ],
)
def test_the_worst_exit_code(codes: tuple[int, ...], code: int) -> None:
    assert worst(codes) == code
