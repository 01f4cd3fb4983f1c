"""Runs the checks side by side, within two seconds whatever hangs."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.checks import CHECKS
from core.checks.context import CheckContext
from core.domain.checks import Check, Checkup
from core.domain.status import Level, Verdict
from core.resilience import NotLive


class CheckRunner:
    """Runs the checks. A database question still open at the limit goes on alone; its end goes to `on_late`.

    A later run does not restart an open question; only its own answer ends it. So repeated checks cannot keep a hanging
    database from being proven. A check that fails unforeseen is unknown, and the only one.
    """

    def __init__(self, clock: Clock, on_late: Callable[[Check], None], boundary: ErrorBoundary) -> None:
        self._clock = clock
        self._on_late = on_late
        self._boundary = boundary
        self._late: asyncio.Task[Check] | None = None

    async def run(self, context: CheckContext) -> Checkup:
        """Run all checks once. Never raises for a fault; a cancelled run leaves nothing running."""
        at, began = self._clock.now(), self._clock.elapsed()
        tasks = {check.__name__: asyncio.create_task(self._run(check, context)) for check in CHECKS}
        try:
            _, open_ = await asyncio.wait(tasks.values(), timeout=context.rules.limit_s)
            checks = tuple(
                task.result() if task.done() else self._unfinished(name, context, began) for name, task in tasks.items()
            )
            if not tasks["database"].done():
                if self._late is None:
                    self._late = tasks.pop("database")
                    self._late.add_done_callback(self._report_late)
            elif tasks["database"].result().answered:
                self._drop_late()
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return Checkup(
            checks=checks,
            at=at,
            took_s=max(self._clock.elapsed() - began, context.rules.limit_s if open_ else 0.0),
            overdue=context.overdue,
            oldest_pending_at=context.oldest_pending_at,
            success=context.success,
        )

    @property
    def asking(self) -> bool:
        """Return whether a database question that outlived its check is still open."""
        return self._late is not None

    def close(self) -> None:
        """Cancel the open question."""
        self._drop_late()

    async def _run(self, check: Callable[[CheckContext], Awaitable[Verdict]], context: CheckContext) -> Check:
        name, began = check.__name__, self._clock.elapsed()
        with self._boundary.around(f"the check of {name.replace('_', ' ')}") as run:
            verdict = await _verdict(check, context)
        if run.error is not None:
            verdict = Verdict.unknown(run.text)
        took = self._clock.elapsed() - began
        if name == "database" and verdict.level is Level.OK and took > context.rules.limit_s:
            verdict = Verdict.warning(f"slow: answered after {took:.1f} s")
        return self._of(name, verdict, took)

    def _unfinished(self, name: str, context: CheckContext, began: float) -> Check:
        took = self._clock.elapsed() - began
        if name == "database" and context.trace.sent:
            verdict = Verdict.warning(f"slow: connected, no answer within {took:.0f} s").unanswered()
        else:
            verdict = Verdict.unknown(f"no answer within {took:.0f} s yet")
        return msgspec.structs.replace(self._of(name, verdict, took), open=True)

    def _of(self, name: str, verdict: Verdict, took_s: float) -> Check:
        return Check(
            name=name,
            level=verdict.level,
            text=verdict.text,
            took_s=took_s,
            at=self._clock.now(),
            answered=verdict.answered,
        )

    def _report_late(self, task: asyncio.Task[Check]) -> None:
        if not task.cancelled() and task is self._late:
            self._late = None
            with self._boundary.around("handling a late answer"):
                self._on_late(task.result())

    def _drop_late(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            late.cancel()


async def _verdict(check: Callable[[CheckContext], Awaitable[Verdict]], context: CheckContext) -> Verdict:
    try:
        return await check(context)
    except NotLive as not_live:
        return Verdict.unknown(not_live.fault.sentence())
