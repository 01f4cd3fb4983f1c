"""An order goes to another process as text, and means the same there; what does not is a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.approve import APPROVE
from core.actions.carried import (
    MOST_PLAN,
    NotCarried,
    arguments_of,
    carried_arguments,
    carried_plan,
    plan_of,
)
from core.actions.catalogue import ACTIONS, OPERATIONS
from core.actions.create_task import CREATE_TASK
from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.set_config import SET_CONFIG, ConfigPlan
from core.actions.silence import SILENCE
from core.actions.undo import UNDO
from core.domain.actions import Action, Argument, ArgumentKind
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import DryRunPlan, HealPlan, OfferedRow, Plan, PlanStep, Sentence
from core.domain.records import ChosenTask, Task
from core.resilience.fault import Counts, Evidence, Fault
from tests.hostile import HOSTILE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAULT = Fault(kind="timeout", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="m")


def chosen(number: int, text: str = "t") -> ChosenTask:
    return ChosenTask(
        task=Task(id=f"{number:036}", task_type="bug_fix", description=text, status="needs_review", created_at=NOON),
        digest="d" * 32,
        links=(("pull request", "https://x"),),
    )


PLANS: tuple[tuple[Action, Plan], ...] = (
    (APPROVE, TasksPlan(chosen=tuple(map(chosen, range(3))), left=("l",), notes=("n",), action=APPROVE)),
    (
        HEAL,
        HealPlan(
            steps=(PlanStep(name="stuck", title="t", effect="e", count=2, ids=("a", "b")),),
            offered=(OfferedRow("a", "words"),),
            unknown=(FAULT,),
        ),
    ),
    (DRY_RUN_ON, DryRunPlan(known=True, dry_run=True, action=DRY_RUN_OFF)),
    (SET_CONFIG, ConfigPlan(name="enabled", before=True, after=False, set_at=NOON)),
    (ACKNOWLEDGE, Sentence(text="t", rows=3)),
)


@pytest.mark.parametrize(("action", "plan"), PLANS, ids=lambda one: getattr(one, "name", ""))
def test_a_plan_is_the_same_on_the_other_side(action: Action, plan: Plan) -> None:
    assert plan_of(action, carried_plan(plan)) == plan
    assert plan_of(action, carried_plan(None)) is None


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.action.name)
def test_every_action_says_what_its_plan_is(kind: Any) -> None:
    with pytest.raises(NotCarried, match="what was shown cannot be read here"):
        plan_of(kind.action, '[{"nothing": "of ours"}, "no_such_action"]')


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_of_the_database_goes_through_or_is_refused(text: str) -> None:
    plan = TasksPlan(chosen=(chosen(1, text),))
    try:
        carried = carried_plan(plan)
    except NotCarried:
        return
    assert plan_of(APPROVE, carried) == plan


def test_a_thousand_tasks_go_through_and_what_is_without_bounds_does_not() -> None:
    plan = TasksPlan(chosen=tuple(chosen(number, "x" * 500) for number in range(1_000)))
    text = carried_plan(plan)
    assert len(text) < MOST_PLAN / 4
    assert plan_of(APPROVE, text) == plan
    with pytest.raises(NotCarried, match="too much to hand over"):
        carried_plan(Sentence(text="x" * MOST_PLAN))


GIVEN: tuple[tuple[Action, dict[str, Any]], ...] = (
    (EMERGENCY_STOP, {"reason": "r", "hours": 48}),
    (APPROVE, {"tasks": ("a", "b"), "reason": ""}),
    (HEAL, {"only": frozenset({"stuck_tasks"}), "tasks": frozenset({"x", "y"})}),
    (SILENCE, {"matcher": "high_error_rate", "lasts": timedelta(hours=2), "reason": "r"}),
    (UNDO, {"run": "r"}),
    (CREATE_TASK, {}),
)


@pytest.mark.parametrize(("action", "arguments"), GIVEN, ids=lambda one: getattr(one, "name", ""))
def test_arguments_are_the_same_on_the_other_side(action: Action, arguments: dict[str, Any]) -> None:
    known = {one.name: one for one in action.arguments}
    given = arguments | {name: filled(one) for name, one in known.items() if one.required and name not in arguments}
    text = msgspec.json.encode(carried_arguments(given))
    assert arguments_of(action, msgspec.json.decode(text)) == given


def filled(argument: Argument) -> Any:
    if argument.choices:
        return next(iter(argument.choices.values()))
    return {ArgumentKind.NUMBER: argument.least, ArgumentKind.SUBJECTS: ("a",)}.get(argument.kind, "x")


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "an argument of a later version": ("lift", {"gently": True}),
    "one too few": ("hold_breaker", {"reason": "r"}),
    "a number for a text": ("emergency_stop", {"reason": 5}),
    "a text for a flag": ("lift", {"requeue": "yes"}),
    "a truth for a number": ("emergency_stop", {"reason": "r", "hours": True}),
    "a number out of bounds": ("emergency_stop", {"reason": "r", "hours": 10**9}),
    "a text without end": ("emergency_stop", {"reason": "r" * 5_000}),
    "a choice that is none": ("heal", {"only": ["everything"]}),
    "nothing where something must be": ("hold_breaker", {"breaker": None, "reason": "r"}),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_an_action_does_not_take_is_a_sentence(case: str) -> None:
    name, given = WRONG[case]
    with pytest.raises(NotCarried, match=r"^\w[^\n]+$"):
        arguments_of(ACTIONS[name], given)


@pytest.mark.parametrize("value", [object(), 1.5, ["x"] * 1_001, "x" * 8_001, [1]])
def test_what_cannot_be_handed_over_is_not_asked(value: Any) -> None:
    with pytest.raises(NotCarried, match="reason cannot be handed over"):
        carried_arguments({"reason": value})
