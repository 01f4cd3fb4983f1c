"""Delivery of alerts: one message for each configured address, and rows in the project's log."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from core.alerting.escalation import Tell
from core.alerting.message import Message, Sender, message, trial
from core.alerting.notifiers import Notifiers
from core.alerting.outbox import UNADDRESSED, Outbox, OutgoingMessage
from core.alerting.recipients import Address, Recipients, recipients_for
from core.alerting.rules import MUTES
from core.alerting.sync import LogRow
from core.backend.schema import Shape
from core.base.version import AGENT
from core.domain.alerts import Phase, Tried
from core.domain.events import ContactTold
from core.domain.log_steps import AUDIT, LATE_S
from core.domain.status import Level
from core.resilience import NotLive, Outcome, Policy
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Source
from core.services.context import Context
from core.services.readings import Readings

_SEND_S: Final = 30.0


class Notifications:
    """Sends messages and writes log rows about alerts. `host`: this machine, as messages name it."""

    def __init__(self, context: Context, readings: Readings, host: str) -> None:
        self._context = context
        self._readings = readings
        self._host = host
        self._settings = context.config.alerts
        self._said = ""
        self._accepted: dict[str, bool] = {}
        """Whether an address accepted its last message, by its name."""
        self.who_acts: Callable[[], str] = str
        """Returns in words who acts for the project."""
        self.on_told: Callable[[OutgoingMessage], Awaitable[None]] = _ignore
        """Called once a message was accepted."""
        self._notifiers = Notifiers(context.writes.send_email, self._settings)
        self.outbox = Outbox(context.clock, context.store, self._deliver, context.boundary)

    def recipients(self) -> Recipients:
        """Return the configured recipients."""
        config = self._readings.config
        known = config.value if config.source is not Source.DEFAULT else None
        return recipients_for(self._settings, known.notification_email if known is not None else "")

    def can_tell(self) -> bool:
        """Return whether there is an address that accepted its last message, or was sent none yet."""
        return any(self._accepted.get(address.name, True) for address in self.recipients().all())

    async def try_out(self) -> tuple[Tried, ...]:
        """Send a test message to every address, and return each result."""
        now, found = self._context.clock.now(), []
        for address in self.recipients().all():
            one = trial(address.name, self._sender(""), now, str(uuid.uuid4()))
            sent = await self._send(address, one)
            why = "" if sent.fault is None else sent.fault.sentence()
            found.append(Tried(name=address.name, why=why, how=sent.data or ""))
        return tuple(found)

    def messages(self, tells: Sequence[Tell], now: datetime, why: str) -> tuple[OutgoingMessage, ...]:
        """Return one message for each address, with all its alerts. `why`: why this monitor sends too."""
        recipients, for_address = self.recipients(), dict[str, list[Tell]]()
        config = self._readings.config.value
        quiet_ends = config is not None and any(column in config.muted_kinds for column in MUTES["end"])
        for one in tells:
            if one.phase is Phase.RESOLVED and quiet_ends:
                continue
            addresses = [
                a for number in one.contacts if number < len(recipients.contacts) for a in recipients.contacts[number]
            ]
            for address in (*addresses, *(recipients.channels if one.channels else ())):
                for_address.setdefault(address.name, []).append(one)
        sender = self._sender(why)
        messages = []
        for name, told in for_address.items():
            with self._context.boundary.around(f"the message to {name}"):
                content = message(told, name, sender, now)
                about = tuple((one.alert.key, one.alert.episode) for one in told if one.phase is not Phase.RESOLVED)
                messages.append(OutgoingMessage(id=content.id, to=name, message=content, at=now, about=about))
        return tuple(messages)

    async def write(self, row: LogRow) -> bool:
        """Write a row into the log. Returns false where it has to be tried again before any other row."""
        full: dict[str, Any] = {
            "id": row.id,
            "execution_step": row.step,
            "step_status": row.status,
            "input_data": row.told,
            "output_data": {"text": row.text} | self._late(row),
            "agent_version": AGENT,
        }
        if self._context.writes.schema.shape is Shape.DOCUMENTED and row.step == AUDIT:
            full["started_at"] = full["completed_at"] = row.at.isoformat()
        try:
            await self._context.guard.live(
                "db:write_alert",
                lambda: self._context.writes.insert_log(full),
                policy=Policy(total_s=8.0, retry=None, refusable=False),
            )
        except NotLive as not_live:
            if not_live.fault.person:
                self._add_event_once(f"alerts are not shared with other monitors: {not_live.fault.sentence()}")
            elif not_live.fault.kind != "duplicate":
                return False
        return True

    def _late(self, row: LogRow) -> dict[str, int]:
        """Return how late a row is, where it had to wait for the project: its time there is that of the writing."""
        waited_s = round((self._context.clock.now() - row.at).total_seconds())
        return {"late_s": waited_s} if waited_s >= LATE_S else {}

    def _add_event_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._context.events.say("watchdesk", text, Level.WARNING)

    def _sender(self, why: str) -> Sender:
        target = self._context.config.target
        return Sender(
            project=target.name,
            address=target.url.partition("://")[2],
            acts=self.who_acts(),
            host=self._host,
            why=why,
        )

    async def _deliver(self, outgoing: OutgoingMessage) -> Fault | None:
        address = self.recipients().of(outgoing.to)
        if address is None:
            known = self._readings.config.source is not Source.DEFAULT
            return _gone(outgoing.to) if known else _WAITS
        sent = await self._send(address, outgoing.message)
        fault = sent.fault
        if fault is None or fault.kind != "refused_by_breaker":
            self._accepted[address.name] = fault is None
        if fault is None:
            await self.on_told(outgoing)
            sent_on = outgoing.message
            told = ContactTold(to=outgoing.to, phase=sent_on.phase, subject=sent_on.subject, how=sent.data or "")
            self._context.events.add(told)
        elif not outgoing.tries:
            text = f"not delivered yet to {outgoing.to}, tried again: {fault.sentence()}"
            self._context.events.say("watchdesk", text, Level.WARNING)
        return fault

    async def _send(self, address: Address, told: Message) -> Outcome[str]:
        return await self._context.guard.call(
            f"alert:{address.name}",
            lambda: self._notifiers.send(address, told),
            policy=Policy(total_s=_SEND_S, retry=None),
        )


async def _ignore(_: OutgoingMessage) -> None:
    pass


def _gone(to: str) -> Fault:
    return _fault(UNADDRESSED, f"{to} is not configured any more")


def _fault(kind: str, text: str) -> Fault:
    return Fault(kind=kind, counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=text, component="alert")


_WAITS: Final = _fault("waits", "the project's config row is not known yet")
