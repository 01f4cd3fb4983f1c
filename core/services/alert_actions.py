"""Orders about alerts: who takes care of one, and what nobody is to be told of for a while."""

import uuid
from datetime import timedelta

import msgspec

from core.actions.context import Actor
from core.alerting.silences import LONGEST, matches
from core.alerting.sync import of_order
from core.base.clock import Clock
from core.base.store import NotKept
from core.base.text import clean, plural, short
from core.domain.actions import ACKNOWLEDGE, SILENCE, Result, ResultPhase
from core.domain.alerts import Ack, Alert, Silence
from core.services.action_desk import ActionDesk
from core.services.alerting import AlertService


class AlertActions:
    """Acknowledge, silence, end a silence. On this machine's disk at once, in the project's log when it answers."""

    def __init__(self, desk: ActionDesk, alarms: AlertService, clock: Clock) -> None:
        self._desk = desk
        self._alarms = alarms
        self._clock = clock

    async def acknowledge(self, name: str, note: str, actor: Actor) -> Result:
        """Take care of what fires under that name: an episode's beginning, an alert's name, or its rule."""
        if refused := self._desk.refused(ACKNOWLEDGE):
            return refused
        shown = {alert.key for alert in self._named(name)}
        await self._alarms.hear()  # whose word it is that everybody speaks of
        found = self._named(name) or [alert for alert in self._alarms.firing() if alert.key in shown]
        if not found:
            return _refused(ACKNOWLEDGE.name, f"nothing that fires is called {clean(name, 60)}; see: watchdesk alerts")
        worst = found[0]
        if all(alert.acked for alert in found):
            text = f"{worst.title}: {worst.acked} takes care of it already"
            return Result(order=ACKNOWLEDGE.name, phase=ResultPhase.UNCHANGED, text=text, already=True)
        ack = Ack(
            id=str(uuid.uuid4()),
            episode=worst.episode,
            severity=worst.severity,
            who=str(actor),
            at=self._clock.now(),
            note=clean(note),
        )
        said = f"{worst.title}: {actor.who} takes care of it" + (f": {ack.note}" if ack.note else "")
        return await self._put(ACKNOWLEDGE.name, ack, said, actor)

    async def silence(self, matcher: str, lasts: timedelta, reason: str, actor: Actor) -> Result:
        """Tell nobody of what matches for so long."""
        if refused := self._desk.refused(SILENCE):
            return refused
        if wrong := self._wrong(matcher, lasts, reason):
            return _refused(SILENCE.name, wrong)
        now = self._clock.now()
        silence = Silence(
            id=str(uuid.uuid4()),
            matcher=clean(matcher.strip(), 80),
            reason=clean(reason.strip()),
            who=str(actor),
            at=now,
            until=now + lasts,
        )
        about = sum(1 for alert in self._alarms.firing() if matches(silence, alert))
        said = f"{silence.matcher} silenced for {short(lasts)}: {silence.reason} ({plural(about, 'alert')} now)"
        return await self._put(SILENCE.name, silence, said, actor)

    async def end_silence(self, name: str, actor: Actor) -> Result:
        """Take a silence back, by the beginning of its id."""
        if refused := self._desk.refused(SILENCE):
            return refused
        now = self._clock.now()
        found = [one for one in self._alarms.store.silences if one.holds(now) and name and one.id.startswith(name)]
        if len(found) != 1:
            few = "no silence" if not found else "more than one silence"
            return _refused(SILENCE.name, f"{few} is called {clean(name, 60)}; see: watchdesk silence --list")
        ended = msgspec.structs.replace(found[0], ended_at=now)
        return await self._put(SILENCE.name, ended, f"{ended.matcher} is not silenced any more", actor)

    def _named(self, name: str) -> list[Alert]:
        firing = self._alarms.firing()
        exact = [alert for alert in firing if name in {alert.key, alert.rule}]
        return exact or [alert for alert in firing if len(name) >= 4 and alert.episode.startswith(name)]

    def _wrong(self, matcher: str, lasts: timedelta, reason: str) -> str:
        if not matcher.strip():
            return "say what to silence: an alert's name, a severity, or a pattern like breakers:*"
        if not reason.strip():
            return "say why: whoever finds it silent wants to know"
        if lasts <= timedelta(0):
            return "a silence must end in the future"
        return f"no silence is longer than {LONGEST.days} days" if lasts > LONGEST else ""

    async def _put(self, order: str, about: Ack | Silence, said: str, actor: Actor) -> Result:
        row = of_order(order, about, said, by=actor.by, who=str(actor), host=actor.host)
        try:
            await self._alarms.store.put(about, row)
        except NotKept as error:
            return self._desk.told(actor, _refused(order, f"nothing was changed: {error}"))
        self._alarms.overlay()
        await self._alarms.write_rows()
        return self._desk.told(actor, Result(order=order, phase=ResultPhase.VERIFIED, text=said, run=row.told["run"]))


def _refused(order: str, text: str) -> Result:
    return Result(order=order, phase=ResultPhase.REFUSED, text=text)
