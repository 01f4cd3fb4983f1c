"""Rows of an action, page by page and past those that may not be changed, until none is left or none changes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Final

from core.actions.run import Run
from core.backend.writes.rows import BATCH
from core.domain.markers import Markers

_PASSES: Final = 100


async def requeue(run: Run, marks: Markers, *, from_status: str, to_status: str, title: str) -> None:
    """Put the tasks that carry one of `marks` back to what they were, each only where its mark still stands.

    Raises NotLive.
    """
    reads, writes = run.context.reads, run.context.writes

    async def page(after: str) -> tuple[str, ...]:
        return await reads.task_ids.marked(marks, from_status, BATCH, after)

    async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
        still = await left_among(ids)
        return tuple(name for name in ids if name not in still)

    async def left_among(ids: tuple[str, ...]) -> tuple[str, ...]:
        return await reads.task_ids.marked_among(ids, from_status, marks)

    async def left(ids: tuple[str, ...]) -> int:
        return len(await left_among(ids))

    send = partial(writes.tasks.give_back, marks=marks, from_status=from_status, to_status=to_status)
    done, after = 0, ""
    while ids := await page(after):
        if run.halted():
            return
        run.count(ids, await run.change("db:give_back", ids, send=send, changed=changed, left=left))
        after = ids[-1]
        done += len(ids)
        run.tell(title, done, max(run.planned, done))


async def reject_all(
    run: Run,
    status: str,
    *,
    mark: str,
    text: str,
    took: Callable[[tuple[str, ...]], None],
    until: datetime | None = None,
) -> int:
    """Reject every task in `status`; `took` hears of each batch that was. How many were, in this pass. Raises NotLive.

    `until`: only those filed by then.

    Those that may not be changed are gone past: what is left of them the end counts.
    """
    reads, writes = run.context.reads, run.context.writes
    ours = Markers(begins=(mark,))

    async def page(after: str) -> tuple[str, ...]:
        return await reads.task_ids.in_status(status, BATCH, after, until=until)

    async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
        return await reads.task_ids.marked_among(ids, "rejected", ours)

    async def left(_ids: tuple[str, ...]) -> int:
        return 0

    send = partial(writes.tasks.reject, status=status, error=text)
    many, after = 0, ""
    while ids := await page(after):
        batch = await run.change("db:reject_tasks", ids, send=send, changed=changed, left=left)
        run.changed += len(batch.changed)
        run.ids += batch.changed
        took(batch.changed)
        many += len(batch.changed)
        after = ids[-1]
    return many


async def until_none_changes(reject: Callable[[], Awaitable[int]]) -> None:
    """Go through all of it again as long as that still changes something: tasks may come in meanwhile."""
    for _ in range(_PASSES):
        if not await reject():
            return
