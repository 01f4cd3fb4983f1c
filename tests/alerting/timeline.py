"""Alerts on a clock that moves when told: facts in, turns and messages out, minute by minute."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from core.alerting.conditions import Facts
from core.alerting.escalation import Tell, tell
from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.alerting.silences import acknowledged, silenced
from core.alerting.state_machine import AlertStateMachine, Turn
from core.domain.alerts import Ack, Alert, Silence
from core.domain.counts import SuccessRate
from core.domain.status import Level, Verdict
from core.resilience import BreakerRecord, BreakerState

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
CALM = {"database": Level.OK, "failure_rate": Level.OK, "stuck_tasks": Level.OK, "activity": Level.OK}


class Lives:
    """One project's alerts, evaluated when told. `said` is all that was told: (minute, alert, phase, contacts)."""

    def __init__(self, contacts: int = 2, settings: AlertRules | None = None) -> None:
        self.settings = settings or AlertRules()
        self.rules = rules(self.settings)
        self.state_machine = AlertStateMachine(self.rules, self.settings, episode=lambda: str(uuid.uuid4()))
        self.contacts = contacts
        self.passed = 0.0
        self.acks: list[Ack] = []
        self.silences: list[Silence] = []
        self.said: list[tuple[float, str, str, tuple[int, ...]]] = []
        self.turns: list[tuple[float, str, str]] = []

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def minute(self, after_s: float = 60.0, **so: Any) -> dict[str, Turn]:
        """One evaluation so much later, of these facts; what is not named is well."""
        self.passed += after_s
        facts = facts_at(self.now, **so)
        turns = self.state_machine.evaluate(facts, after_s)
        self.turns += [(self.passed, key, turn.value) for key, turn in turns.items()]
        for ended in self.state_machine.ended:
            _, one = tell(ended, Turn.RESOLVED, self.contacts, self.settings)
            if one is not None:
                self._note(ended.key, one)
        for key, alert in list(self.state_machine.alerts.items()):
            silence = silenced(alert, self.silences, self.now)
            behind, hidden = self.state_machine.hiding(alert, facts)
            overlaid = msgspec.structs.replace(
                alert,
                hidden=hidden,
                behind=behind,
                muted="silenced" if silence else "",
                acked=acknowledged(alert, self.acks, self.now, self.settings) if alert.active else "",
            )
            self.state_machine.alerts[key], one = tell(overlaid, turns.get(key), self.contacts, self.settings)
            if one is not None:
                self._note(key, one)
        return turns

    def minutes(self, count: int, **so: Any) -> None:
        """So many evaluations of the same, a minute apart."""
        for _ in range(count):
            self.minute(**so)

    def restart(self, away_s: float) -> None:
        """End, and begin anew so much later with what was kept."""
        kept = msgspec.json.decode(msgspec.json.encode(self.state_machine.alerts), type=dict[str, Alert])
        self.state_machine = AlertStateMachine(self.rules, self.settings, episode=lambda: str(uuid.uuid4()))
        self.passed += away_s
        self.state_machine.restore(kept, away_s)

    def alert(self, key: str) -> Alert:
        return self.state_machine.alerts[key]

    def alert_of(self, rule: str, **so: Any) -> Alert:
        """The one of a rule after ten minutes of this."""
        self.minutes(10, **so)
        return next(one for one in self.state_machine.alerts.values() if one.rule == rule)

    def stage(self, key: str) -> str:
        return self.state_machine.alerts[key].stage.value if key in self.state_machine.alerts else "inactive"

    def told(self, key: str = "") -> list[tuple[float, str, tuple[int, ...]]]:
        """What contacts were told of an alert: minute, phase, which."""
        return [(at / 60, phase, to) for at, name, phase, to in self.said if to and key in {"", name}]

    def ack(self, key: str) -> None:
        alert = self.alert(key)
        one = Ack(id=str(uuid.uuid4()), episode=alert.episode, severity=alert.severity, who="anna", at=self.now)
        self.acks.append(one)

    def silence(self, matcher: str, minutes: float) -> None:
        until = self.now + timedelta(minutes=minutes)
        name = str(uuid.uuid4())
        self.silences.append(Silence(id=name, matcher=matcher, reason="r", who="anna", at=self.now, until=until))

    def _note(self, key: str, one: Tell) -> None:
        self.said.append((self.passed, key, one.phase.value, one.contacts))


def facts_at(now: datetime, **so: Any) -> Facts:
    """All is well but for `so`: names of checks give levels, the rest are fields of Facts."""
    levels = CALM | {name: so.pop(name) for name in tuple(so) if name in CALM}
    known: dict[str, Any] = {
        "verdicts": {name: Verdict(level, f"{name} {level}") for name, level in levels.items()},
        "stopped": False,
        "enabled": True,
        "success_1h": rate(100.0, timedelta(hours=1)),
        "success_24h": rate(100.0, timedelta(hours=24)),
        "lost": (),
        "health_row_age_s": 30.0,
        "in_review": 0,
        "review_waits_s": 0.0,
        "clock_skew_s": 0.0,
        "answer_s": 0.1,
        "conflict": "",
        "dry_run_by": "",
    }
    return Facts(at=now, **(known | so))


def rate(percent: float, window: timedelta = timedelta(hours=24), finished: int = 1000) -> SuccessRate:
    """So many percent of so many completed."""
    completed = round(finished * percent / 100)
    return SuccessRate(completed, finished - completed, window)


def breaker(
    now: datetime, state: BreakerState, not_closed_s: float, *, key: str = "db:fetch_tasks", **more: Any
) -> BreakerRecord:
    """One breaker, not closed for so long."""
    since = now - timedelta(seconds=min(not_closed_s, 30.0))
    began = now - timedelta(seconds=not_closed_s)
    return BreakerRecord(
        key=key,
        component=key.partition(":")[0],
        state=state,
        failures=5,
        since=since,
        not_closed_since=began,
        last_error="no answer",
        **more,
    )


def phases(said: Iterable[tuple[float, str, tuple[int, ...]]]) -> list[str]:
    """The phases alone."""
    return [phase for _, phase, _ in said]
