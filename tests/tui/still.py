"""A monitor whose picture never moves: frozen records in, every order noted, none carried out."""

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.actions.catalogue import statuses_of
from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.heal import CLEANING
from core.actions.requeue import REQUEUE
from core.actions.run import Progress, unhindered
from core.actions.set_config import ConfigPlan
from core.actions.waiting import WaitingAction
from core.actions.withdraw import confirmed_as
from core.base.store import NotKept
from core.base.text import plural, short
from core.domain.actions import Action, Result, ResultPhase
from core.domain.alerts import Tried
from core.domain.chosen_tasks import TasksPlan
from core.domain.config_settings import SETTINGS
from core.domain.figures import Figures
from core.domain.plans import (
    DryRunPlan,
    HealPlan,
    Plan,
    ResumePlan,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    Sentence,
    StopPlan,
    UndoPlan,
)
from core.domain.queries import Filter, ListedRow, Listing, Page, Table, is_uuid, parse_filter
from core.domain.records import ChosenTask, LogEntry, SafetyCheck, Task
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.domain.snapshot import Snapshot
from core.domain.sorting import OLDEST, YOUNGEST, SortedBy, in_order
from core.domain.task_groups import GroupBy, TaskGroups, grouped
from core.history.blackbox import Box, Note
from core.history.report import Report, When, compose, kept
from core.history.trends import Observed, Trends, Window, trends
from core.resilience import NotLive
from core.resilience.fault import Fault
from core.resilience.reading import Reading

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
    figures: dict[Window, Reading[Figures]] = {}
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
        self.checked = self.restarted = self.saved = 0
        self.attention: list[str] = []
        """What it was told of whoever looks: `looked`, `focused` or `left`."""
        self.takes_no_note = ""
        """Why it keeps no note; empty: it does."""
        self.carrier = ""
        """Who carries actions out, in a line."""
        self.filled: list[Window] = []
        self.saved: list[Mapping[When, str]] = []
        self.going: tuple[str, ...] = ()
        self._listeners: list[Callable[[Snapshot], None]] = []

    def tell(self, snapshot: Snapshot) -> None:
        """Show another picture from now on."""
        self.snapshot = snapshot
        for listener in tuple(self._listeners):
            listener(snapshot)

    def looked(self) -> None:
        self.attention.append("looked")

    def focused(self, focused: bool) -> None:
        self.attention.append("focused" if focused else "left")

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

    def count_over(self, period: Window) -> None:
        self.filled.append(period)

    async def figures_over(self, window: Window) -> Reading[Figures]:
        self.filled.append(window)
        return self.records.figures.get(window) or Reading(fault=self.records.fault)

    def may_note(self) -> str:
        return self.takes_no_note

    async def note(self, text: str, at: datetime | None = None) -> Note:
        now = self.snapshot.at
        return await asyncio.to_thread(self.box.note, at or now, text, "operator", now=now)

    async def report(self, since: datetime, until: datetime) -> tuple[Report, str]:
        found = kept(self.box, since, until)
        return compose(found, since=since, until=until, made_at=until, host="watch-1"), ""

    async def save_report(self, report: Report, screens: Mapping[When, str]) -> Path:
        if self.takes_no_note:
            raise NotKept(self.takes_no_note)
        self.saved.append(screens)
        return Path(f"/state/reports/report-{report.since:%H%M}.html")

    # Lists

    async def page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        self.asked.append(listing)
        rows = self._matching(listing)
        shown = rows[offset : offset + limit]
        more = offset + limit < len(rows)
        return self._live(Page(rows=shown, offset=offset, more=more, total=None if more else len(rows)))

    async def sortable(self, listing: Listing) -> Listing:
        return self._live(msgspec.structs.replace(listing, within=listing.column.by is SortedBy.HERE))

    async def total(self, listing: Listing) -> tuple[int, bool]:
        return self._live((len(self._matching(listing)), True))

    async def task_detail(self, name: str) -> TaskDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, TaskDetail) else None

    async def save_row(self, table: Table, name: str) -> tuple[Path, int] | None:
        self.saved += 1
        return Path("/rows") / name, 5

    async def log_detail(self, name: str) -> LogDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, LogDetail) else None

    async def safety_detail(self, name: str) -> SafetyDetail | None:
        found = self._live(self.records.details).get(name)
        return found if isinstance(found, SafetyDetail) else None

    # Orders

    def carried_out_by(self, action: Action, **_: Any) -> str:
        return self.carrier

    def may(self, order: Action) -> str:
        project = self.snapshot.project
        observes = order.writes and project.observe and project.orders_for_s is None
        return "started with --observe: nothing is written" if observes else ""

    def under_way(self) -> tuple[str, ...]:
        return self.going

    async def plan(self, action: Action, shown: Plan | None = None, **arguments: Any) -> Plan:
        records = self.records
        if (found := self._other_plan(action, **arguments)) is not None:
            return found
        match action.name:
            case "heal" | "clean_up":
                only = CLEANING if action.name == "clean_up" else arguments["only"]
                return self._live(msgspec.structs.replace(records.heal, only=tuple(sorted(only))))
            case "emergency_stop":
                return self._live(records.stop)
            case "lift":
                plan = records.lift
                over = not plan.standing and plan.requeueable
                return self._live(msgspec.structs.replace(plan, action=REQUEUE if over else None))
            case "dry_run_on" | "dry_run_off":
                to = DRY_RUN_OFF if records.mode.dry_run else DRY_RUN_ON
                return self._live(msgspec.structs.replace(records.mode, action=to))
            case "run_pending":
                return self._live(records.run)
            case "retry":
                task = arguments["task"]
                failed = next((one for one in records.tasks if one.id == task), None)
                text = f"{failed.description}: {failed.error}" if failed else ""
                return self._live(RetryPlan(task=task, text=text, refused="" if failed else "it no longer exists"))
            case "retry_matching":
                given = parse_filter(" ".join(arguments["tasks"]), Table.TASKS)
                rows = self._matching(Listing(table=Table.TASKS, filter=given))
                ids = tuple(row.id for row in rows if isinstance(row, Task) and row.status == "failed")
                text = f"{plural(len(ids), 'failed task')} back to pending."
                return self._live(RetryMatchingPlan(filter=given, ids=ids, at=self.snapshot.at, frozen=text))
            case "undo":
                text = "2 tasks back to in progress, where that still can be."
                return self._live(UndoPlan(run=arguments["run"], text=text, tasks=2))
            case "withdraw" | "confirm_waiting":
                waiting = next((one for one in records.waiting if one.id == arguments["waiting"]), None)
                gone = "It does not wait any more."
                if waiting is None:
                    return Sentence(text=gone, refused=gone)
                confirmed = confirmed_as(waiting) if action.name == "confirm_waiting" else None
                return Sentence(text=f"{waiting.words()}\nIt has not been carried out.", action=confirmed)
            case "lift_observe":
                return Sentence(
                    text="This monitor was started with --observe. After 15 minutes it becomes read-only again"
                    " automatically."
                )
            case "silence":
                about = plural(sum(one.fires for one in self.snapshot.alerts), "alert")
                weekly = arguments.get("weekly")
                long = f"{weekly} every week" if weekly else f"for {short(arguments['lasts'])}"
                return Sentence(text=f"No notifications {long}. It matches {about} now.")
        return Sentence(text=action.effect)

    def _other_plan(self, action: Action, **arguments: Any) -> Plan | None:
        if action.name in {"set_config", "enable", "disable"}:
            return self._config_plan(action.name, **arguments)
        if statuses_of(action):
            return self._tasks_plan(action, arguments["tasks"])
        if action.name == "hold_breaker":
            text = "Checks, actions and read-backs still go out; what it refuses shows last-known data."
            return Sentence(text=f"{arguments['breaker']} is closed. {text}")
        return None

    def _config_plan(self, action: str, name: str = "enabled", value: str = "") -> Plan:
        told = self.snapshot.config.value.values if self.snapshot.config.value else {}
        setting = SETTINGS[name]
        if action != "set_config":
            on = action == "enable"
            return self._live(ConfigPlan(name=name, before=not on, after=on, means=setting.means))
        try:
            after = setting.value_of(value)
        except ValueError as error:
            return ConfigPlan(refused=f"{error}")
        return self._live(ConfigPlan(name=name, before=told.get(name), after=after, means=setting.means))

    def _tasks_plan(self, action: Action, tasks: Collection[str]) -> Plan:
        named = set(tasks)
        found = [one for one in self.records.tasks if one.id in named or not any(map(is_uuid, named))]
        chosen = tuple(in_review(one) for one in found if one.status in statuses_of(action))
        return self._live(TasksPlan(chosen=chosen, refused="" if chosen else "it does not wait for that"))

    async def run(
        self,
        action: Action,
        plan: Plan | None = None,
        *,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
        **arguments: Any,
    ) -> Result:
        match action.name:
            case "check_now":
                self.checked += 1
                return Result(action=action.name, phase=ResultPhase.UNCHANGED, text="checked", already=True)
            case "restart_watchdog":
                self.restarted += 1
                return Result(action=action.name, phase=ResultPhase.VERIFIED, text="the watchdog's loop was restarted")
            case "lift_observe":
                result = self._given(action.name)
                project = msgspec.structs.replace(self.snapshot.project, orders_for_s=900.0)
                self.tell(msgspec.structs.replace(self.snapshot, project=project))
                return result
            case "reset_breaker":
                return self._given(action.name, arguments.get("breaker") or "all")
            case "confirm_waiting":
                self._given(action.name, arguments["waiting"])
                return Result(action=action.name, phase=ResultPhase.WAITING, text="confirmed")
            case "lift":
                return self._given(action.name, "requeue" if arguments["requeue"] else "")
        rows = [f"{plan.rows} rows"] if action.halts and plan is not None else []
        names = {
            "reason",
            "task",
            "check",
            "tasks",
            "run",
            "waiting",
            "alert",
            "matcher",
            "lasts",
            "silence",
            "breaker",
        }
        return self._given(
            action.name,
            *rows,
            *(f"{value}" for name, value in arguments.items() if name in names and value != frozenset()),
        )

    async def groups(self, given: Filter, by: GroupBy) -> TaskGroups:
        listing = Listing(table=Table.TASKS, filter=given)
        found = [row for row in self._live(self._matching(listing)) if isinstance(row, Task)]
        return grouped(found, by, whole=True)

    async def waiting(self) -> tuple[WaitingAction, ...]:
        return self.records.waiting

    async def try_alerts(self) -> tuple[Tried, ...]:
        self._given("test_message")
        return (Tried(name="ops@example.org"),)

    def _given(self, order: str, *said: str) -> Result:
        self.orders.append((order, *said))
        return Result(action=order, phase=ResultPhase.VERIFIED, text=" ".join((order.replace("_", " "), *said)))

    def _live(self, answer: T) -> T:
        if self.records.fault is not None:
            raise NotLive(self.records.fault)
        return answer

    def _in_review(self) -> list[Task]:
        return [one for one in self.records.tasks if one.status == "awaiting_review"]

    def _matching(self, listing: Listing) -> tuple[ListedRow, ...]:
        rows: tuple[ListedRow, ...] = {
            Table.TASKS: self.records.tasks,
            Table.INBOX: tuple(map(in_review, self._in_review())),
            Table.LOGS: self.records.logs,
            Table.ORDERS: tuple(row for row in self.records.logs if row.step == "watchdog_healing"),
            Table.SAFETY: self.records.safety,
        }[listing.table]
        found = tuple(row for row in rows if _matches(row, listing))
        if listing.sort in (YOUNGEST, OLDEST):
            return found[::-1] if listing.sort == OLDEST else found
        now, value = self.snapshot.at, listing.column.value
        return tuple(in_order(found, lambda row: value(row, now), descending=listing.sort.descending))


def in_review(task: Task) -> ChosenTask:
    """The task as the inbox has it."""
    links = (("pull request", f"https://github.com/atlas/shop/pull/{int(task.id[:8], 16)}"),)
    files = ("src/a.ts", "src/b.ts")
    return ChosenTask(
        task=task,
        digest="",
        level=3,
        requires_approval=True,
        files=files,
        file_count=len(files),
        links=links,
    )


def _matches(row: Any, listing: Listing) -> bool:
    wanted, text = listing.filter, repr(row).lower()
    row = row.task if isinstance(row, ChosenTask) else row
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
