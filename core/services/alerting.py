"""The alert service: once a minute it gathers facts, evaluates the rules, decides who is told, and sends."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.actions.context import Actor
from core.actions.lease import Lease
from core.alerting.conditions import Facts
from core.alerting.escalation import Tell, nobody_left, tell
from core.alerting.outbox import OutgoingMessage
from core.alerting.rules import rules
from core.alerting.silences import acknowledged, acknowledged_as
from core.alerting.state_machine import AlertStateMachine, Turn
from core.alerting.store import AlertStore
from core.alerting.sync import LISTENED, ORDERS, LogRow, heard, of_alert
from core.domain.alert_view import AlertView
from core.domain.alerts import Ack, Alert, AlertState, Phase, Severity, Silence
from core.domain.events import AlertChanged
from core.domain.log_steps import AUDIT, about_alert
from core.domain.snapshot import Telling
from core.domain.status import Truth
from core.resilience import NotLive
from core.resilience.reading import Source
from core.services.alert_inputs import AlertInputs
from core.services.alert_owner import LATE, AlertOwner
from core.services.alert_shown import shown_as
from core.services.check_service import CheckService
from core.services.context import Context
from core.services.notifications import Notifications
from core.services.ownership import Ownership
from core.services.readings import Readings
from core.services.recent_log import RecentLog
from core.services.silencing import Silencing

_OVERLAP: Final = timedelta(minutes=10)
_ROWS_FIRST_S: Final = 3.0
"""The seconds for which messages wait at most until the log has their rows, so that no monitor sends twice."""
_PHASES: Final = {
    Turn.FIRED: Phase.FIRING,
    Turn.ROSE: Phase.FIRING,
    Turn.FLAPS: Phase.FLAPPING,
    Turn.RESOLVED: Phase.RESOLVED,
}


class AlertService:
    """The alerts of one project. `owner`: whether this process evaluates and sends, or another one of this machine."""

    def __init__(  # noqa: PLR0913 - one collaborator for each step of an evaluation
        self,
        context: Context,
        *,
        checks: CheckService,
        readings: Readings,
        inputs: AlertInputs,
        log: RecentLog,
        notifications: Notifications,
        lease: Lease,
        actor: Actor,
        owner: Ownership,
    ) -> None:
        self._context = context
        self._settings = context.config.alerts
        self._checks = checks
        self._readings = readings
        self._inputs = inputs
        self._log = log
        self._lease = lease
        self._actor = actor
        self._owner = owner
        self.braked: Callable[[], str] = str
        """Returns why automatic heals are paused; empty where they are not."""
        self._rules = rules(self._settings)
        self._boundary = context.boundary
        self._state_machine = AlertStateMachine(
            self._rules, self._settings, episode=lambda: str(uuid.uuid4()), boundary=context.boundary
        )
        self._evaluated: float | None = None
        self._heard_at: datetime | None = None
        self.store = AlertStore(context.store)
        self._silencing = Silencing(context, self.store, actor)
        self.notifications = notifications
        self.notifications.on_told = self._on_told
        self.alert_owner = AlertOwner(lease, self._settings, owner=owner)
        lease.tells = self.notifications.can_tell

    # For the loop

    async def restore(self) -> None:
        """Continue from the state that the last process stored."""
        await self.store.load()
        now, last = self._context.clock.now(), await self.store.evaluated_at()
        away_s = 0.0 if last is None else max(0.0, (now - last).total_seconds())
        self._state_machine.restore(await self.store.alerts(), away_s)
        self._silencing.restored(away_s)
        self._evaluated = None
        await self.notifications.outbox.restore()

    async def evaluate(self, *, ready: bool = True) -> bool:
        """Evaluate all rules once, exchange news with other monitors, and send. Never raises for a fault.

        An unforeseen error about one alert, one row or one address leaves the others as they are.
        Returns whether an alert began to fire that a heal may end.
        """
        await self.store.load()
        alone = self._evaluates_alone()
        if not self._owner() and not alone:
            self._state_machine.restore(await self.store.alerts(), 0.0)
            return False
        facts = await self._inputs.gather(braked=self.braked(), ready=ready)
        self.alert_owner.note(facts)
        await self._read_rows(facts.at, keep=not alone)
        elapsed = self._context.clock.elapsed()
        passed_s = 0.0 if self._evaluated is None else elapsed - self._evaluated
        self._evaluated = elapsed
        turns = self._state_machine.evaluate(facts, passed_s)
        self._overlay(facts)
        if alone:
            return False
        tells = self._to_send(turns)
        for one in tells:
            self._add_event(one)
        why = "" if self._lease.valid() else self.alert_owner.why() or LATE
        messages = self.notifications.messages(tells, facts.at, why)
        rows = self._new_rows(tells, facts.at)
        await self.store.evaluated(self._state_machine.alerts, messages, rows, facts.at)
        self.notifications.outbox.put(messages)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ROWS_FIRST_S):
                await self.write_rows()
        await self.send_due()
        await self.write_rows()
        alerts = self._state_machine.alerts
        return any(turn is Turn.FIRED and alerts[key].severity is Severity.HIGH for key, turn in turns.items())

    async def refreshed(self) -> None:
        """Update after a refresh: load what other processes of this machine stored, and send what is due."""
        await self.store.load()
        if not self._owner() and not self._evaluates_alone():
            self._state_machine.restore(await self.store.alerts(), 0.0)
        self._overlay(None)
        await self.send_due()

    def _evaluates_alone(self) -> bool:
        """Return whether this read-only process evaluates for its own snapshot alone, as no other one here does it."""
        return self._context.config.only_looks and not self._owner.anothers()

    async def send_due(self) -> None:
        """Start to send what is due, without waiting for it."""
        if self._owner():
            self.notifications.outbox.send_due()
            await self.notifications.outbox.forget_old()

    async def write_rows(self) -> None:
        """Write the waiting rows into the project's log until one fails. Never raises for a fault."""
        if self._checks.schema is None or not any(reading.live for reading in self._readings.values.values()):
            return
        for row in self.store.rows:
            if not await self.notifications.write(row):
                return
            await self.store.written(row)

    async def close(self) -> None:
        """Cancel deliveries under way. What was not accepted stays on the disk."""
        await self.notifications.outbox.close()

    # For a command

    async def peek(self) -> None:
        """Evaluate once for a command, by the stored alerts. Stores nothing, so what it finds first gets no id."""
        self._state_machine.episode = str
        await self.restore()
        facts = await self._inputs.gather(braked="", ready=False)
        await self._read_rows(facts.at, keep=False)
        self._state_machine.evaluate(facts, 0.0)
        gone = [key for key, one in self._state_machine.alerts.items() if one.firing and one.truth is Truth.FALSE]
        for key in gone:
            del self._state_machine.alerts[key]
        self._overlay(facts)

    # Results

    def views(self) -> tuple[AlertView, ...]:
        """Return the alerts as shown, those about a rate by its newest reading."""
        shown = [alert for alert in self._state_machine.alerts.values() if alert.stage is not AlertState.INACTIVE]
        shown = [alert for alert in shown if alert.messages or alert.stage is not AlertState.RESOLVED]
        now, rates = self._context.clock.now(), self._inputs.rates()
        return tuple(
            shown_as(
                alert,
                self._state_machine.cause_of(alert),
                acknowledged_as(alert, self.store.acks, now, self._settings),
                self._state_machine.rate_now(alert, rates),
            )
            for alert in shown
        )

    def telling(self) -> Telling:
        """Return the status of delivery: recipients, failures, silences."""
        recipients = self.notifications.recipients()
        messages = self.notifications.outbox.messages
        lost = tuple(dict.fromkeys(f"{message.to}: {message.why}" for message in messages if message.undelivered))
        late = (message for message in messages if message.why and not message.undelivered)
        waits = tuple(dict.fromkeys(f"{message.to}: {message.why}" for message in late))
        alerts = self._state_machine.alerts.values()
        silences, planned = self._silencing.shown()
        left = [alert for alert in alerts if nobody_left(alert, recipients.rungs, self._settings)]
        return Telling(
            contacts=len(recipients.contacts),
            channels=len(recipients.channels),
            unreachable=recipients.unreachable,
            refused=recipients.refused,
            undelivered=lost,
            retrying=waits,
            nobody_left=tuple(alert.title for alert in left),
            bell=self._settings.bell,
            desktop=self._settings.desktop,
            silences=silences,
            planned=planned,
        )

    def firing(self) -> tuple[Alert, ...]:
        """Return the firing alerts, the worst first."""
        found = [alert for alert in self._state_machine.alerts.values() if alert.firing]
        return tuple(sorted(found, key=lambda alert: (alert.severity.rank, alert.key)))

    async def hear(self) -> None:
        """Read the rows of other monitors now, before an operator's action on an alert. Never raises for a fault."""
        if self._owner():
            await self._read_rows(self._context.clock.now())
            self._overlay(None)

    def silences(self) -> tuple[Silence, ...]:
        """Return every silence that is kept, those that are over included."""
        return self.store.silences

    async def keep(self, about: Ack | Silence, row: LogRow) -> None:
        """Keep an operator's word about alerts on this machine, apply it, and write its row. Raises NotKept."""
        await self.store.put(about, row)
        self._overlay(None)
        await self.write_rows()

    # Evaluating and sending

    async def _read_rows(self, now: datetime, *, keep: bool = True) -> None:
        """Read the rows of other monitors: alerts, deliveries, acknowledgements and silences. `keep`: store them."""
        live = any(reading.live for reading in self._readings.values.values())
        if self._checks.schema is None or not live:
            return
        project_now = self._context.time.likely()  # rows are stamped by the database's clock
        since = project_now - LISTENED if self._heard_at is None else self._heard_at - _OVERLAP
        try:
            nothing = self._log.none_since(since, lambda step: step == AUDIT or about_alert(step))
            rows = () if nothing else await self._context.reads.logs.alert_rows(since, ORDERS)
            missed = await self._silencing.missed(project_now)
        except NotLive:
            return
        if keep:
            self._heard_at = project_now
        found = heard((*rows, *missed), self._rules, now, self._boundary, likely=project_now)
        follow = not keep or not self.alert_owner.tells()
        self._state_machine.adopt(found.alerts, found.resolved, told=found.told, follow=follow)
        if keep:
            await self._silencing.heard(found, project_now)
        else:
            self._silencing.overheard(found)

    def _overlay(self, facts: Facts | None) -> None:
        """Update which alerts are hidden, muted and acknowledged. Without facts, hidden ones stay so."""
        now, config = self._context.clock.now(), self._readings.config
        kinds = config.value.muted_kinds if config.value is not None and config.source is not Source.DEFAULT else ()
        alerts = dict(self._state_machine.alerts)
        silences = self._silencing.holding()
        for key, alert in alerts.items():
            with self._boundary.around(f"who is to hear of {key}"):
                muted = self._silencing.muted(alert, silences)
                alerts[key] = self._overlaid(alert, facts, kinds, now, muted)
        self._state_machine.alerts = alerts

    def _overlaid(self, alert: Alert, facts: Facts | None, kinds: tuple[str, ...], now: datetime, muted: str) -> Alert:
        rule = self._state_machine.rule(alert)
        if not muted and rule is not None and (column := rule.muted_by(kinds)):
            muted = f"muted by notify_on_{column}"
        behind, hidden = (alert.behind, alert.hidden) if facts is None else self._state_machine.hiding(alert, facts)
        return msgspec.structs.replace(
            alert,
            hidden=hidden,
            behind=behind,
            muted=muted,
            acked=acknowledged(alert, self.store.acks, now, self._settings) if alert.active else "",
        )

    def _to_send(self, turns: Mapping[str, Turn]) -> list[Tell]:
        """Return what to send now. An alert that another monitor has to send is sent here only if that is overdue."""
        tells, all_of_it = [], self.alert_owner.tells()
        for ended in self._state_machine.ended:
            with self._boundary.around(f"telling of the end of {ended.key}"):
                told = self._escalated if all_of_it or ended.alone else self._followed
                if (one := told(ended, Turn.RESOLVED)[1]) is not None:
                    tells.append(one)
        for key, alert in list(self._state_machine.alerts.items()):
            with self._boundary.around(f"telling of {key}"):
                told = self._escalated if all_of_it or alert.alone else self._followed
                self._state_machine.alerts[key], one = told(alert, turns.get(key))
                if one is not None:
                    tells.append(one)
        return tells

    def _escalated(self, alert: Alert, turn: Turn | None) -> tuple[Alert, Tell | None]:
        turn = Turn.RESOLVED if alert.owed else turn
        if turn is not Turn.RESOLVED and not (alert.here or alert.reached):
            alert = msgspec.structs.replace(alert, told=0)  # others began to send, and no row says that it arrived
        after, one = tell(alert, turn, self.notifications.recipients().rungs, self._settings)
        if one is not None and one.contacts and not self._lease.valid():
            after = msgspec.structs.replace(after, alone=True)
        return after, one

    def _followed(self, alert: Alert, turn: Turn | None) -> tuple[Alert, Tell | None]:
        """Follow an alert that another monitor has to send, and send it here if that one did not in time."""
        if alert.firing and not alert.hidden:
            if self.alert_owner.overdue(alert) and self.notifications.can_tell():
                after, one = self._escalated(alert, None)
                if one is not None:
                    return after, one
            if self.alert_owner.unlogged(alert):
                turn = Turn.FLAPS if alert.flapping else Turn.FIRED
                return tell(alert, turn, 0, self._settings)
        owed = turn is Turn.RESOLVED and (alert.logged or alert.told > 0)
        if turn is None or (alert.hidden and not owed):
            return alert, None
        alert = msgspec.structs.replace(alert, messages=alert.messages or 1, owed=owed)
        return alert, Tell(alert=alert, phase=_PHASES[turn], log=False)

    async def _on_told(self, message: OutgoingMessage) -> None:
        """Note that a message was accepted, so that other monitors need not send it."""
        rows: list[LogRow] = []
        for key, episode in message.about:
            alert = self._state_machine.alerts.get(key)
            if alert is not None and alert.episode == episode and not alert.reached:
                self._state_machine.alerts[key] = alert = msgspec.structs.replace(alert, reached=True)
                rows += self._new_rows([Tell(alert=alert, phase=Phase.TOLD)], self._context.clock.now())
        if rows:
            await self.store.add(rows)
            await self.write_rows()

    def _add_event(self, one: Tell) -> None:
        alert = one.alert
        self._context.events.add(
            AlertChanged(
                key=alert.key,
                episode=alert.episode,
                phase=one.phase,
                severity=alert.severity,
                title=alert.title,
                why=alert.text,
            )
        )

    def _new_rows(self, tells: list[Tell], now: datetime) -> tuple[LogRow, ...]:
        """Return the log rows about what is sent; none while nothing may be written."""
        if self._context.config.observe:
            return ()
        rows = []
        for one in tells:
            if one.log:
                with self._boundary.around(f"the row about {one.alert.key}"):
                    rows.append(of_alert(one, str(self._actor), self._actor.host, now))
        for row in rows:
            self._context.events.ours(row.id)
        return tuple(rows)
