"""The error text of an earlier attempt outlives a mark: it stands behind it, and alone once that is taken away."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from core.actions.cancel import CANCEL
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.pause_type import PAUSE_TYPE
from core.actions.reject import REJECT
from core.actions.resume import RESUME
from core.actions.undo import UNDO
from core.actions.unpause_type import UNPAUSE_TYPE
from core.domain.actions import Action, ResultPhase
from core.domain.markers import KEPT, keeping, kept
from core.monitor import Monitor
from tests.actions.test_task_changes import at
from tests.running import Running
from tests.wire import Wire, wire

OLD: Final = (
    None,
    "timeout after 30 s",
    "",
    'two\nlines, "quoted", with *, % and a \\',
    "watchdesk:stopped:0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11:pending: by ann: fire\nbefore: even older",
    "x" * 20_000,
)
"""Error texts that a task may have before it is marked."""

WHY: Final = "because"
WAYS: Final[dict[str, tuple[str, tuple[Action, dict[str, Any]], tuple[Action, dict[str, Any]]]]] = {
    "a pause": (
        "pending",
        (PAUSE_TYPE, {"task_type": "bug_fix", "reason": WHY}),
        (UNPAUSE_TYPE, {"task_type": "bug_fix"}),
    ),
    "a rejection": ("awaiting_review", (REJECT, {"reason": WHY}), (UNDO, {})),
    "a cancellation": ("pending", (CANCEL, {"reason": WHY}), (UNDO, {})),
    "a heal": ("in_progress", (HEAL, {"only": frozenset({"stuck_tasks"})}), (UNDO, {})),
}
"""The status of what each marks, the action that does, and the one that takes it back."""


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def add(sandbox: Running, status: str) -> list[str]:
    """One task for each of the old texts."""
    return [
        str(
            sandbox.sql(
                "INSERT INTO autonomous_tasks (task_type, description, status, error_message, started_at, created_at)"
                " VALUES ('bug_fix', 'd', %s, %s, now() - interval '2 hours', now() - interval '3 hours') RETURNING id",
                status,
                old,
            )[0][0]
        )
        for old in OLD
    ]


def texts(sandbox: Running, ids: list[str]) -> list[str | None]:
    found = dict(sandbox.sql("SELECT id::text, error_message FROM autonomous_tasks"))
    return [found[name] for name in ids]


@pytest.mark.parametrize("way", WAYS)
async def test_it_stands_behind_the_mark_and_comes_back(way: str, sandbox: Running, tmp_path: Path) -> None:
    status, (action, given), (back, of) = WAYS[way]
    ids = add(sandbox, status)
    monitor = at(sandbox.url, sandbox, tmp_path)
    await monitor.discover()
    given = given | ({"tasks": tuple(ids)} if action.name in {REJECT.name, CANCEL.name} else {})
    done = await monitor.run(action, await monitor.plan(action, **given), **given)
    assert (done.phase, done.changed) == (ResultPhase.VERIFIED, len(OLD)), done
    marked = texts(sandbox, ids)
    assert all(text is not None and text.startswith("watchdesk:") for text in marked), marked
    assert [kept(text or "") for text in marked] == list(OLD)
    of = of or {"run": done.run}
    undone = await monitor.run(back, await monitor.plan(back, **of), **of)
    assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, len(OLD)), undone
    assert texts(sandbox, ids) == list(OLD)
    await monitor.close()


async def test_a_stop_keeps_it_too(sandbox: Running, tmp_path: Path) -> None:
    """Where it is this program that rejects: the project's own function keeps nothing."""
    monitor = at(sandbox.url, sandbox, tmp_path)
    await monitor.discover()
    await monitor.run(EMERGENCY_STOP, reason=WHY, hours=1)
    ids = add(sandbox, "pending")  # a task that came in meanwhile
    stopped = await monitor.run(EMERGENCY_STOP, reason=WHY, hours=1)
    assert [kept(text or "") for text in texts(sandbox, ids)] == list(OLD), stopped
    await monitor.run(RESUME, await monitor.plan(RESUME, requeue=True), requeue=True)
    assert texts(sandbox, ids) == list(OLD)
    await monitor.close()


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_with_an_answer_lost_it_is_counted_by_what_holds(
    lost: int, sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """The first write is of those that say nothing, each further one of a text: whichever answer is lost."""
    ids = add(sandbox, "pending")
    monitor: Monitor = at(between.url, sandbox, tmp_path)
    await monitor.discover()
    plan = await monitor.plan(CANCEL, tasks=tuple(ids), reason=WHY)
    between.lose_at = between.writes + 1 + lost  # the first is the audit row
    done = await monitor.run(CANCEL, plan, tasks=tuple(ids), reason=WHY)
    rejected = sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'rejected'")[0][0]
    assert done.changed == rejected >= lost, done
    for name, old in zip(ids, OLD, strict=True):
        ((status, text),) = sandbox.sql("SELECT status, error_message FROM autonomous_tasks WHERE id = %s", name)
        assert (kept(text) if status == "rejected" else text) == old
    await monitor.close()


def test_what_is_kept_is_read_as_it_was() -> None:
    for old in OLD:
        if old is not None:
            assert kept(keeping("watchdesk:paused:x: by ann: because", old)) == old
    assert kept("watchdesk:paused:x: by ann: because") is None
    assert KEPT.startswith("\n")  # a mark is one line


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_with_an_answer_lost_what_was_given_back_is_counted_and_the_rest_is_gone_on_with(
    lost: int, sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    ids = add(sandbox, "pending")
    monitor: Monitor = at(between.url, sandbox, tmp_path)
    await monitor.discover()
    plan = await monitor.plan(CANCEL, tasks=tuple(ids), reason=WHY)
    done = await monitor.run(CANCEL, plan, tasks=tuple(ids), reason=WHY)
    shown = await monitor.plan(UNDO, run=done.run)
    assert shown.rows == len(OLD)
    between.lose_at = between.writes + 1 + lost
    undone = await monitor.run(UNDO, shown, run=done.run)
    pending = sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'pending'")[0][0]
    assert undone.changed == pending >= lost, undone
    rest = await monitor.plan(UNDO, run=done.run)
    assert rest.rows == len(OLD) - pending
    if rest.rows:
        await monitor.run(UNDO, rest, run=done.run)
    assert texts(sandbox, ids) == list(OLD)
    await monitor.close()
