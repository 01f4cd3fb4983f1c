"""The façade: a snapshot that is always there, start, close, reads and actions. `container` builds its parts."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from core.actions.carried import Order
from core.actions.catalogue import operation
from core.actions.process import TEST_MESSAGE
from core.actions.run import Progress, unhindered
from core.actions.waiting import WaitingAction
from core.backend.fault_transport import FaultTransport
from core.backend.schema import Schema
from core.base.clock import Clock, SystemClock
from core.base.store import NotKept
from core.domain.actions import Action, Result
from core.domain.alerts import Tried
from core.domain.checks import Check, Checkup
from core.domain.counts import Statistics
from core.domain.events import BreakerChanged, DegradationChanged
from core.domain.figures import Figures
from core.domain.kpis import Kpi
from core.domain.monitor_process import MonitorProcess
from core.domain.plans import Plan
from core.domain.queries import PAGE_ROWS, Filter, ListedRow, Listing, Page, Table
from core.domain.records import WatchdogEntry
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.domain.snapshot import LinkWord, Snapshot, State
from core.domain.status import Level
from core.domain.task_groups import GroupBy, TaskGroups
from core.history.blackbox import Box, Note
from core.history.report import Report, When, html_page
from core.history.trends import CUTS, Trends, Window
from core.monitor.check_now import check_now
from core.monitor.container import Container, Hooks
from core.monitor.orders import Orders
from core.monitor.scheduler import Scheduler
from core.monitor.snapshot_builder import compose, compose_one_shot
from core.resilience import BreakerEvent, DegradationEvent, DegradationTracker
from core.resilience.fault import Fault
from core.resilience.reading import Reading
from core.services.config import Config, Places
from core.services.conflicts import Resets
from core.services.reporting import incident_report
from core.services.saved_files import as_json
from core.services.statistics import statistics


class Monitor:
    """`snapshot` is always there; `start` brings it to life; `plan`, `run` and `may` are the road of every action."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        places: Places | None = None,
        jitter: bool = True,
        line: FaultTransport | None = None,
    ) -> None:
        self._parts = Container(
            config,
            clock or SystemClock(),
            places or Places.of_platform(),
            Hooks(
                publish=self._publish,
                on_late=self._on_late,
                check_now=self.check_now,
                restart_watchdog=self._restart_watchdog,
                run=lambda order, **given: self._orders.here(order, **given),  # noqa: PLW0108 - it is made below
                own_side=lambda order: self._orders.own_side(order),  # noqa: PLW0108 - as said
            ),
            line,
        )
        self._scheduler = Scheduler(self._parts, snapshot=lambda: self.snapshot, publish=self._publish, jitter=jitter)
        self._orders: Orders = Orders(self._parts, self._scheduler, self._publish)
        self._listeners: list[Callable[[Snapshot], None]] = [self._parts.recording.offer, self._parts.processes.offer]
        self._resets = Resets(self._parts.clock)
        self._degradation = DegradationTracker(self._on_degradation)
        self._parts.breakers.listen(self._on_breaker)
        self._parts.readings.paint()
        with self._parts.boundary.around("last-known data") as run:
            self.snapshot = compose(self._parts, self._scheduler)
        if run.error is not None:
            self._parts.readings.forget()
            self.snapshot = compose(self._parts, self._scheduler)

    @property
    def parts(self) -> Container:
        """Return the parts, for the self-test, which tries each alone. Nothing else needs them."""
        return self._parts

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `listener` with each new snapshot, on the event loop. Returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Run the start sequence, then the loops. Never raises for a backend that cannot be reached."""
        if self._parts.config.blackbox.enabled:
            self._parts.recording.start()
        self._scheduler.start()

    async def watch_once(self) -> None:
        """Do once what the loops do: refresh, check, heal if it may, tell of alerts. Never raises for a fault."""
        if self._parts.config.blackbox.enabled:
            self._parts.recording.start()
        await self._scheduler.once()

    async def close(self) -> None:
        """End every task, then the connections, then the cache."""
        await self._scheduler.close()
        await self._parts.close()

    # Reads, which the command line makes once and the loops again and again

    async def discover(self) -> Schema:
        """Return the project's schema, read until nothing of it is missing. Raises NotLive."""
        return await self._parts.checks.discover()

    async def refresh(self, *, everything: bool = False) -> None:
        """Read the panels' values once and publish. Never raises for a fault."""
        await self._parts.checks.refresh(everything=everything)

    async def check(self) -> Checkup:
        """Run every check once and publish."""
        return await self._parts.checks.check()

    async def check_now(self) -> None:
        """Do everything now: breakers may probe, panels refresh, every check runs."""
        await check_now(self._parts, self._scheduler.refresh_soon)

    def looked(self) -> None:
        """Record that somebody looks at the screen: a key was pressed. What was read seldom is read at once."""
        self._scheduler.attend(self._parts.attention.looked)

    def focused(self, focused: bool) -> None:
        """Record that the terminal gained or lost the focus."""
        self._scheduler.attend(lambda: self._parts.attention.focused(focused))

    async def look_at_policies(self) -> None:
        """Find out whether anybody with the publishable key reads the project. Never raises."""
        await self._parts.checks.look_at_policies()

    async def look_at_what_stands(self) -> None:
        """Read which tasks a stop that is over left rejected, and which types are paused. Never raises."""
        await self._parts.left_over.look()
        await self._parts.paused.look_if_due()

    async def look_at_cost(self) -> None:
        """Load what the monitors of this machine asked of the project within the last day."""
        await self._parts.cost.restore()

    async def look_at_lease(self) -> None:
        """Read who holds the lease, without asking for it. Never raises."""
        await self._parts.lease.look_on()

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of all that is not live, the schema's first."""
        return self._parts.checks.faults()

    def one_shot(self) -> Snapshot:
        """Return the snapshot for a command that read once: values that are not live count as unknown."""
        return compose_one_shot(self._parts, self._scheduler)

    async def logs(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[WatchdogEntry, ...]:
        """Return the rows that monitors wrote, or of actions alone (`healing`), newest first. Raises NotLive."""
        await self.discover()
        return await self._parts.reads.logs.by_watchdog(healing=healing, since=since, limit=limit)

    async def report(self, since: datetime, until: datetime) -> tuple[Report, str]:
        """Return what happened in a period, and what of the project's log is missing in it. Raises NothingRecorded."""
        await self.look_at_disk()
        parts, window = self._parts, (since, until)
        found, asked = await incident_report(parts.config, self.box, parts.told, window, parts.operator.host)
        return msgspec.structs.replace(found, notices=(*found.notices, *self.kept_badly())), asked

    async def statistics(self, since: datetime) -> Statistics:
        """Return the results of tasks since a moment. Raises NotLive."""
        await self.discover()
        return await statistics(self._parts.reads, since, self._parts.time.likely())

    async def figures(self, since: datetime) -> Figures:
        """Return the figures of what finished since a moment by day, week and type. Raises NotLive."""
        return await self._parts.figures.figures(since)

    async def figures_over(self, window: Window) -> Reading[Figures]:
        """Return the figures over a window, else the last ones that were read of it. Never raises for a fault."""
        since = self._parts.time.likely() - CUTS[window].length
        return await self._parts.figures.last_known(since, window)

    async def kpis(self) -> tuple[Kpi, ...]:
        """Return the key figures, from samples of this machine and reads of the project. Raises NotLive."""
        await self.discover()
        kpis = self._parts.kpis
        await kpis.restore()
        await self._parts.readings.refresh(everything=True)
        await kpis.measure()
        return kpis.kpis

    async def trends(self, window: Window) -> Trends:
        """Return the trends over a window, as far as they are known now; nothing is read from the project."""
        return await self._parts.trends.trends(window)

    async def fill_trends(self, window: Window) -> None:
        """Read from the project what this machine did not observe of a window, if due. Never raises for a fault."""
        await self._parts.trends.fill(window)

    def count_over(self, period: Window) -> None:
        """Let `Snapshot.throughput` be of another period from now on, until this process ends."""
        self._parts.trends.period = period
        self._scheduler.count_soon()

    async def page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        """Return up to `limit` rows of a list, 500 at most, from `offset` on, without counting. Raises NotLive."""
        return await self._parts.rows.ask(self._parts.panel_reads.lists.page(listing, offset, limit))

    async def total(self, listing: Listing) -> tuple[int, bool]:
        """Return the number of rows of a list, and whether it is exact or an estimate. Raises NotLive."""
        return await self._parts.rows.ask(self._parts.panel_reads.lists.total(listing))

    async def sortable(self, listing: Listing) -> Listing:
        """Return a list as it can be sorted within seconds, however large its table is. Raises NotLive."""
        return await self._parts.rows.sortable(listing)

    async def groups(self, given: Filter, by: GroupBy) -> TaskGroups:
        """Return the newest tasks that match a filter in groups. Raises NotLive."""
        listing, lists = Listing(table=Table.TASKS, filter=given), self._parts.panel_reads.lists
        return await self._parts.rows.groups(lambda offset: lists.page(listing, offset, PAGE_ROWS), by)

    async def task_detail(self, name: str) -> TaskDetail | None:
        """Return one task in full; `None` when none is visible to this account. Raises NotLive."""
        return await self._parts.rows.task(name)

    async def log_detail(self, name: str) -> LogDetail | None:
        """Return one row of the log in full; `None` when none is visible to this account. Raises NotLive."""
        return await self._parts.rows.log_entry(name)

    async def safety_detail(self, name: str) -> SafetyDetail | None:
        """Return one safety check in full; `None` when none is visible to this account. Raises NotLive."""
        return await self._parts.rows.safety_check(name)

    async def save_row(self, table: Table, name: str) -> tuple[Path, int] | None:
        """Save one row of a table as it is, in a file of this user's own. Returns where, and its bytes.

        `None` when none is visible to this account. Raises NotLive, OSError.
        """
        row = await self._parts.rows.ask(self._parts.panel_reads.lists.whole_row(table, name))
        saved = self._parts.saved_rows
        return None if row is None else await saved.save(f"{table}-{name}", "json", lambda: as_json(row))

    async def save_report(self, report: Report, screens: Mapping[When, str]) -> Path:
        """Save a report with its figure and screens in a file of this user's own. Raises NotKept, OSError."""
        if why := self.may_note():
            raise NotKept(why)
        name, saved = f"report-{report.since:%Y%m%dT%H%M%SZ}-{report.until:%Y%m%dT%H%M%SZ}", self._parts.saved_reports
        return (await saved.save(name, "html", lambda: html_page(report, screens).encode()))[0]

    # Actions

    def may(self, action: Action) -> str:
        """Return why an action may not run; empty: it may."""
        return self._parts.rights.may(action)

    async def plan(self, action: Action, shown: Plan | None = None, **arguments: Any) -> Plan:
        """Return what an action would do now, with its arguments as its record names them. Raises NotLive.

        `shown`: the plan that is on the screen; what was frozen in it stays.
        """
        return await self._parts.runner.plan(
            operation(self._parts.dependencies, action, shown, **arguments), self._parts.operator
        )

    async def run(
        self,
        action: Action,
        plan: Plan | None = None,
        *,
        again: str = "",
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
        **arguments: Any,
    ) -> Result:
        """Run an action, in the service where one acts beside this screen, and look at what became of it.

        A running monitor keeps it where nobody answers, if it waits. `plan`: what was shown. `again`: the run id of one
        whose answer was lost, to go on with it. `go_on` says why it must stop between batches, empty while it may go
        on. Raises PlanChanged with the new plan.
        """
        order = Order(action=action, arguments=arguments, shown=plan, again=again)
        return await self._orders.run(order, progress=progress, go_on=go_on)

    def carried_out_by(self, action: Action, **arguments: Any) -> str:
        """Return who else than this process carries an action out, in a line; empty where nobody does."""
        return self._parts.attachment.carried_out_by(action, str(arguments.get("breaker", "")))

    def under_way(self) -> tuple[str, ...]:
        """Return the actions under way now, each in words: an operator's and the watchdog's own."""
        return self._parts.running.words()

    async def waiting(self) -> tuple[WaitingAction, ...]:
        """Return the actions that wait for the project to answer, oldest first."""
        return await self._parts.waiting.all()

    async def look_at_alerts(self) -> None:
        """Read how alerts stand, for a command that looks once. Never raises for a fault."""
        await self._parts.alerts.peek()
        self._publish()

    async def try_alerts(self) -> tuple[Tried, ...]:
        """Send a test message to everybody: each address, and why it was not accepted (empty: it was)."""
        tried = () if self.may(TEST_MESSAGE) else await self._parts.notifications.try_out()
        self._publish()
        return tried

    # Other processes of this machine

    async def running_here(self) -> tuple[MonitorProcess, ...]:
        """Return the monitors of this project and user that run on this machine, the one that acts first."""
        return await self._parts.processes.running()

    async def hand_over(self, to: MonitorProcess, action: Action, *, wait_s: float, **arguments: str) -> Result:
        """Let another process run an action, as an operator there runs it, and return its result.

        It is withdrawn if it was not taken up within `wait_s` seconds.
        """
        return await self._parts.delegation.hand_over(to, action, arguments, wait_s)

    # What is kept here

    async def look_at_disk(self) -> None:
        """Open this machine's files, and find those that were moved aside. Never raises."""
        await self._parts.store.open()

    def kept_badly(self) -> tuple[str, ...]:
        """Return the problems of this machine's files: moved aside or not usable, each in a sentence."""
        return self._parts.storage_warnings()

    # The past

    @property
    def box(self) -> Box:
        """Return the black box, as this process and others wrote it. It reads files and blocks: use it in a thread."""
        return self._parts.box

    def may_note(self) -> str:
        """Empty if a note may be kept, else why not."""
        return self._parts.rights.may_note()

    async def note(self, text: str, at: datetime | None = None) -> Note:
        """Store a note about a moment, by default now, on this machine alone. Raises NotKept."""
        if why := self.may_note():
            raise NotKept(why)
        now = self._parts.clock.now()
        return await asyncio.to_thread(self._parts.box.note, at or now, text, str(self._parts.operator), now=now)

    # Events

    def _publish(self) -> None:
        """Make a new snapshot and pass it on. Never raises: an unforeseen failure is noted in the last snapshot."""
        boundary = self._parts.boundary
        for words in self._parts.backend.oddities.drain():
            self._parts.events.say("watchdesk", words, Level.WARNING)
        self._parts.log_watch.check()
        with boundary.around("composing the snapshot") as run:
            self.snapshot = compose(self._parts, self._scheduler)
            sources = {part.name: part.source for part in self.snapshot.degradation.components}
            # Until the start is over nothing was read, and after a sleep nothing was tried, which is no event.
            tried = self._scheduler.ready and self.snapshot.link.word is not LinkWord.STALE
            if tried and self._degradation.see(sources, self.snapshot.at):
                self.snapshot = compose(self._parts, self._scheduler)
        if run.error is not None:
            self.snapshot = _unsure(self.snapshot, f"composing the snapshot {run.text}")
        for listener in tuple(self._listeners):
            with boundary.around(f"showing the snapshot ({getattr(listener, '__qualname__', 'a listener')})"):
                listener(self.snapshot)

    def _restart_watchdog(self) -> None:
        self._scheduler.restart_watchdog()

    def _on_late(self, check: Check) -> None:
        self._parts.checks.late(check)
        self._scheduler.late(check)

    def _on_degradation(self, event: DegradationEvent) -> None:
        self._parts.events.add(DegradationChanged.of(event))

    def _on_breaker(self, event: BreakerEvent) -> None:
        self._parts.events.add(BreakerChanged.of(event))
        if (again := self._resets.heard(event)) is not None:
            self._parts.events.add(again)


def _unsure(last: Snapshot, why: str) -> Snapshot:
    """Return the last snapshot that could be made, marked as possibly out of date."""
    return msgspec.structs.replace(last, state=State.UNKNOWN, state_why=why, notices=(why,))
