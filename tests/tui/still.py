"""A monitor whose picture never moves: frozen records in, every order noted, none carried out."""

import asyncio
import os
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.actions.heal import BY_DEFAULT, CLEANING
from core.actions.run import Progress, unhindered
from core.actions.waiting import WaitingAction
from core.base.text import plural
from core.domain.actions import (
    Action,
    DryRunPlan,
    HealPlan,
    Result,
    ResultPhase,
    ResumePlan,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    StopPlan,
    UndoPlan,
)
from core.domain.alerts import Tried
from core.domain.queries import ListedRow, Listing, Page, Table
from core.domain.records import LogEntry, SafetyCheck, Task
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.domain.snapshot import Snapshot
from core.domain.stops import StopMark
from core.history.blackbox import Box, Note
from core.history.trends import Observed, Trends, Window, trends
from core.resilience import NotLive
from core.resilience.fault import Fault

T = TypeVar("T")


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """What the project would answer. `details` by the row's id; `fault`: why nothing is answered at all."""

    tasks: tuple[Task, ...] = ()
    logs: tuple[LogEntry, ...] = ()
    safety: tuple[SafetyCheck, ...] = ()
    details: dict[str, TaskDetail | LogDetail | SafetyDetail] = {}
    heal: HealPlan = HealPlan()
    stop: StopPlan = StopPlan(pending=0, running=0)
    lift: ResumePlan = ResumePlan(standing="")
    mode: DryRunPlan = DryRunPlan(known=True, dry_run=True)
    run: RunPlan = RunPlan(pending=0)
    waiting: tuple[WaitingAction, ...] = ()
    trends: dict[Window, Trends] = {}
    fault: Fault | None = None


class StillMonitor:
    """`orders` is every order given, by its name and with what was said; `asked` is every list that was read.

    `filled` is every window that the project was asked about, `going` what is said to be under way.
    """

    def __init__(self, snapshot: Snapshot, records: Records | None = None, box: Box | None = None) -> None:
        self.snapshot = snapshot
        self.box = box or Box(Path(os.devnull) / "box")  # where nothing is, and nothing can be
        self.records = records or Records()
        self.orders: list[tuple[str, ...]] = []
        self.asked: list[Listing] = []
        self.checked = self.restarted = 0
        self.takes_no_note = ""
        """Why it keeps no note; empty: it does."""
        self.filled: list[Window] = []
        self.going: tuple[str, ...] = ()
        self._listeners: list[Callable[[Snapshot], None]] = []

    def tell(self, snapshot: Snapshot) -> None:
        """Show another picture from now on."""
        self.snapshot = snapshot
        for listener in tuple(self._listeners):
            listener(snapshot)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """It stands already."""

    async def close(self) -> None:
        """Nothing runs."""

    async def check_now(self) -> None:
        self.checked += 1

    async def trends(self, window: Window) -> Trends:
        return self.records.trends.get(window) or trends(window, self.snapshot.at, Observed(), None)

    async def fill_trends(self, window: Window) -> None:
        self.filled.append(window)

    def may_note(self) -> str:
        return self.takes_no_note

    async def note(self, text: str, at: datetime | None = None) -> Note:
        now = self.snapshot.at
        return await asyncio.to_thread(self.box.note, at or now, text, "operator", now=now)

    # Lists

    async def page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        self.asked.append(listing)
        rows = self._matching(listing)
        shown = rows[offset : offset + limit]
        more = offset + limit < len(rows)
        return self._live(Page(rows=shown, offset=offset, more=more, total=None if more else len(rows)))

    async def total(self, listing: Listing) -> tuple[int, bool]:
        return self._live((len(self._matching(listing)), True))

    async def task_detail(self, name: str) -> TaskDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, TaskDetail) else None

    async def log_detail(self, name: str) -> LogDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, LogDetail) else None

    async def safety_detail(self, name: str) -> SafetyDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, SafetyDetail) else None

    # Orders

    def may(self, order: Action) -> str:
        project = self.snapshot.project
        observes = order.writes and project.observe and project.orders_for_s is None
        return "started with --observe: nothing is written" if observes else ""

    def under_way(self) -> tuple[str, ...]:
        return self.going

    async def plan_heal(self, only: Collection[str] = BY_DEFAULT) -> HealPlan:
        return self._live(msgspec.structs.replace(self.records.heal, only=tuple(sorted(only))))

    async def heal(
        self, plan: HealPlan, progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        return self._given("clean_up" if frozenset(plan.only) == CLEANING else "heal", f"{plan.rows} rows")

    async def plan_stop(self) -> StopPlan:
        return self._live(self.records.stop)

    async def stop(self, reason: str, hours: int = 24) -> Result:
        return self._given("emergency_stop", reason)

    async def plan_lift(self) -> ResumePlan:
        return self._live(self.records.lift)

    async def lift(self, *, requeue: bool, stop: StopMark | None = None) -> Result:
        return self._given("lift", "requeue" if requeue else "")

    async def requeue(self) -> Result:
        return self._given("requeue")

    async def plan_mode(self) -> DryRunPlan:
        return self._live(self.records.mode)

    async def set_dry_run(self, on: bool) -> Result:
        return self._given("dry_run_on" if on else "dry_run_off")

    async def plan_run(self) -> RunPlan:
        return self._live(self.records.run)

    async def run_pending(self) -> Result:
        return self._given("run_pending")

    async def plan_retry(self, task: str) -> RetryPlan:
        found = next((one for one in self.records.tasks if one.id == task), None)
        text = f"{found.description}: {found.error}" if found else ""
        return self._live(RetryPlan(task=task, text=text, refused="" if found else "it is there no more"))

    async def retry(self, plan: RetryPlan) -> Result:
        return self._given("retry", plan.task)

    async def plan_retry_matching(self, listing: Listing) -> RetryMatchingPlan:
        ids = tuple(row.id for row in self._matching(listing) if isinstance(row, Task) and row.status == "failed")
        text = f"{plural(len(ids), 'failed task')} back to pending."
        return self._live(RetryMatchingPlan(filter=listing.filter, ids=ids, at=self.snapshot.at, text=text))

    async def retry_matching(
        self,
        plan: RetryMatchingPlan,
        reason: str,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        return self._given("retry_matching", f"{plan.rows} rows", reason)

    async def plan_undo(self, run: str, only: tuple[str, ...] = ()) -> UndoPlan:
        return self._live(UndoPlan(run=run, text="2 tasks back to in progress, where that still can be.", tasks=2))

    async def undo(self, plan: UndoPlan) -> Result:
        return self._given("undo", plan.run)

    async def waiting(self) -> tuple[WaitingAction, ...]:
        return self.records.waiting

    async def withdraw(self, waiting: str) -> Result:
        return self._given("withdraw", waiting)

    async def confirm_waiting(self, waiting: str) -> bool:
        return self._given("confirm", waiting).done

    async def acknowledge(self, name: str, note: str = "") -> Result:
        return self._given("acknowledge", name)

    async def silence(self, matcher: str, lasts: timedelta, reason: str) -> Result:
        return self._given("silence", matcher, f"{lasts}", reason)

    async def end_silence(self, name: str) -> Result:
        return self._given("end_silence", name)

    async def try_alerts(self) -> tuple[Tried, ...]:
        self._given("test_message")
        return (Tried(name="ops@example.org"),)

    def restart_watchdog(self) -> None:
        self.restarted += 1

    def lift_observe(self) -> None:
        self._given("lift_observe")
        project = msgspec.structs.replace(self.snapshot.project, orders_for_s=900.0)
        self.tell(msgspec.structs.replace(self.snapshot, project=project))

    async def reset_breaker(self, key: str | None) -> Result:
        return self._given("reset_breaker", key or "all")

    async def hold_breaker(self, key: str, why: str) -> Result:
        return self._given("hold_breaker", key, why)

    async def release_breaker(self, key: str) -> Result:
        return self._given("release_breaker", key)

    def _given(self, order: str, *said: str) -> Result:
        self.orders.append((order, *said))
        return Result(order=order, phase=ResultPhase.VERIFIED, text=" ".join((order.replace("_", " "), *said)))

    def _live(self, answer: T) -> T:
        if self.records.fault is not None:
            raise NotLive(self.records.fault)
        return answer

    def _matching(self, listing: Listing) -> tuple[ListedRow, ...]:
        rows: tuple[ListedRow, ...] = {
            Table.TASKS: self.records.tasks,
            Table.LOGS: self.records.logs,
            Table.ORDERS: tuple(row for row in self.records.logs if row.step == "watchdog_healing"),
            Table.SAFETY: self.records.safety,
        }[listing.table]
        found = tuple(row for row in rows if _matches(row, listing))
        return found[::-1] if listing.sort.name == "oldest" else found


def _matches(row: Any, listing: Listing) -> bool:
    wanted, text = listing.filter, repr(row).lower()
    status = row.verdict if isinstance(row, SafetyCheck) else row.status
    task = row.id if isinstance(row, Task) else row.task_id
    return (
        (not wanted.status or status in wanted.status)
        and (not wanted.task or task == wanted.task)
        and all(word.lower() in text for word in (*wanted.words, *wanted.kind))
    )


class StillFaults:
    """The demo's faults, two of them, both off."""

    def names(self) -> tuple[tuple[str, str], ...]:
        return (("database_down", "nobody answers"), ("slow", "every answer takes ten seconds"))

    async def all(self) -> dict[str, bool]:
        return {"database_down": False, "slow": False}

    async def set(self, name: str, on: bool) -> None:
        """Nothing to switch."""
