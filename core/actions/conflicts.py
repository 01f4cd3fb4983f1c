"""The healer is fighting an operator: what was done by itself against what a person had ordered shortly before.

All of it is a function of the audit trail, so that it does not matter on which machine who ordered what.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.actions.dry_run import DRY_RUN_OFF
from core.actions.dry_run_origin import SETS_DRY_RUN, turned_on_by_heal
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.repairs.dry_run import TITLE
from core.actions.requeue import REQUEUE
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.actions.undo import UNDO
from core.base.bounds import Span
from core.base.text import plural, short
from core.domain.actors import By
from core.domain.records import EndedAction

GIVES_BACK: Final = frozenset({REQUEUE.name, RETRY.name, RETRY_MATCHING.name, UNDO.name})
"""Orders after which tasks are to be worked on again."""

WATCHED: Final = tuple(sorted({*GIVES_BACK, *SETS_DRY_RUN, EMERGENCY_STOP.name, RESUME.name}))

_TASKS_NAMED: Final = 100
_DRY_RUN: Final = TITLE.lower()


class ConflictRules(msgspec.Struct, frozen=True, kw_only=True):
    """Times within which an automatic action that reverses an operator's is a conflict. Section `conflicts`."""

    tasks_s: Span = 86400.0
    """The time after an operator requeued a task in which failing it by itself is one: no sooner than an hour, for it
    must be stuck again."""
    orders_s: Span = 1800.0
    """The same for a stop after a resume, and for dry-run after it was turned off."""
    told_s: Span = 3600.0
    """The time for which a conflict is news."""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a watchdog that reversed an operator's. `run` is the watchdog's, `text` for people."""

    run: str
    order: str
    healer: str
    operator: str
    at: datetime
    text: str


def unnamed(
    orders: Iterable[EndedAction], known: Mapping[str, frozenset[str]], rules: ConflictRules
) -> tuple[str, ...]:
    """The runs whose tasks must be known before `conflicts` can tell, the newest first, as many as can be asked for."""
    told = sorted(orders, key=lambda one: one.at, reverse=True)
    wanted: dict[str, None] = {}
    for heal in filter(_failed_tasks, told):
        given = [one.run for one in told if _precedes(one, heal, rules.tasks_s) and one.order in GIVES_BACK]
        if given:
            wanted |= dict.fromkeys((heal.run, *given, *(one.run for one in told if _tried_to_undo(one, heal))))
    return tuple(run for run in wanted if run not in known)[:_TASKS_NAMED]


def conflicts(
    orders: Iterable[EndedAction], tasks: Mapping[str, frozenset[str]], rules: ConflictRules
) -> tuple[Conflict, ...]:
    """Return what watchdogs reversed and nobody has undone since, the newest first. `tasks`: what each run changed.

    An undo that was not done whole settles what it gave back, and no more: one that gave nothing back, nothing.
    """
    told = sorted(orders, key=lambda one: one.at, reverse=True)
    undone = {one.undoes for one in told if one.undoes and one.holds and _by_operator(one)}
    found: list[Conflict | None] = []
    for one in told:
        if _by_operator(one) or one.run in undone:
            continue
        if _failed_tasks(one):
            found.append(_over_tasks(one, told, tasks, rules))
        if turned_on_by_heal(one):
            found.append(_over_mode(one, told, rules))
        if one.order == EMERGENCY_STOP.name and one.holds:
            found.append(_over_stop(one, told, rules))
    return tuple(conflict for conflict in found if conflict is not None)


def _over_tasks(
    heal: EndedAction, told: list[EndedAction], tasks: Mapping[str, frozenset[str]], rules: ConflictRules
) -> Conflict | None:
    back = (tasks.get(one.run, frozenset()) for one in told if _tried_to_undo(one, heal))
    failed = tasks.get(heal.run, frozenset()).difference(*back)
    given = [one for one in told if _precedes(one, heal, rules.tasks_s) and one.order in GIVES_BACK]
    against = [one for one in given if failed & tasks.get(one.run, frozenset())]
    if not against:
        return None
    count = len(failed & frozenset().union(*(tasks[one.run] for one in against)))
    who = " and ".join(dict.fromkeys(one.actor for one in against))
    them = "it" if count == 1 else "them"
    text = (
        f"{heal.actor} failed {plural(count, 'task')} that {who} had requeued {_gap(against[0], heal)} before: "
        f"undo that heal (o): then auto-heal leaves {them} alone for a day"
    )
    return _conflict(heal, against[0], text)


def _over_mode(heal: EndedAction, told: list[EndedAction], rules: ConflictRules) -> Conflict | None:
    off = _last_done(DRY_RUN_OFF.name, heal, told, rules)
    if off is None:
        return None
    text = (
        f"{heal.actor} turned dry-run on again {_gap(off, heal)} after {off.actor} had turned it off: "
        "read why the newest tasks failed (t) before you turn it off again"
    )
    return _conflict(heal, off, text)


def _over_stop(stop: EndedAction, told: list[EndedAction], rules: ConflictRules) -> Conflict | None:
    lift = _last_done(RESUME.name, stop, told, rules)
    if lift is None:
        return None
    text = (
        f"{stop.actor} stopped the agents again {_gap(lift, stop)} after {lift.actor} had resumed: "
        "read why the newest tasks failed (t) before you resume again"
    )
    return _conflict(stop, lift, text)


def _last_done(order: str, automatic: EndedAction, told: list[EndedAction], rules: ConflictRules) -> EndedAction | None:
    before = (one for one in told if one.order == order and one.holds and _precedes(one, automatic, rules.orders_s))
    return next(before, None)


def _conflict(one: EndedAction, against: EndedAction, text: str) -> Conflict:
    return Conflict(run=one.run, order=one.order, healer=one.actor, operator=against.actor, at=one.at, text=text)


def _precedes(one: EndedAction, automatic: EndedAction, within_s: float) -> bool:
    """Whether it is an operator's that was over when the other began, and so shortly before."""
    before = automatic.began_at - one.at
    return _by_operator(one) and timedelta(0) <= before <= timedelta(seconds=within_s)


def _tried_to_undo(one: EndedAction, heal: EndedAction) -> bool:
    return one.undoes == heal.run and _by_operator(one) and not one.holds


def _by_operator(one: EndedAction) -> bool:
    return one.by == By.OPERATOR


def _failed_tasks(one: EndedAction) -> bool:
    return one.order == HEAL.name and not _by_operator(one) and any(
        count for step, count in one.steps.items() if step != _DRY_RUN
    )  # fmt: skip


def _gap(before: EndedAction, after: EndedAction) -> str:
    return short(after.at - before.at)
