"""The states of an alert: pending, firing, resolved; frozen while unknown; told once while flapping.

All of it is a function of the last record, the facts now, and the time that has passed: no clock, no disk.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.alerting.conditions import Condition, Facts
from core.alerting.merging import merged, older
from core.alerting.rules import Rule
from core.alerting.settings import AlertRules
from core.base.error_boundary import ErrorBoundary
from core.domain.alerts import DISABLED, Alert, AlertState, key_of
from core.domain.status import Truth

FORGOTTEN_S: Final = 3600.0
"""The seconds for which a resolved alert is still shown."""

_WAITS_S: Final = 300.0
"""The seconds past its time for which an alert waits for one that would hide it, and of which nothing is known now."""

EXPIRES_S: Final = 86400.0
"""The seconds after which an alert that only another monitor reported expires without news of it."""


class Turn(StrEnum):
    """The change that an evaluation made to an alert."""

    FIRED = "fired"
    ROSE = "rose"
    FLAPS = "flaps"
    RESOLVED = "resolved"


class AlertStateMachine:
    """Every alert of one project. `episode` returns the name of a new one. A rule that raises counts as unknown."""

    def __init__(
        self,
        rules: tuple[Rule, ...],
        settings: AlertRules,
        *,
        episode: Callable[[], str],
        boundary: ErrorBoundary | None = None,
    ) -> None:
        self._rules = rules
        self._settings = settings
        self.episode = episode
        """Returns the name of a new episode; an empty one where nobody else would know it."""
        self._boundary = boundary or ErrorBoundary(lambda _: None)
        self.alerts: dict[str, Alert] = {}
        self.ended: tuple[Alert, ...] = ()
        """The alerts that the last evaluation ended and, as their condition had come back, fired anew at once."""
        self._over: dict[tuple[str, str], datetime] = {}
        """When another monitor said that an alert is over, by name and episode, as first heard."""

    def rule(self, alert: Alert) -> Rule | None:
        """Return the rule of an alert, if there still is one of that name."""
        return next((r for r in self._rules if r.name == alert.rule and (r.subject or r.name) == alert.subject), None)

    def restore(self, kept: Mapping[str, Alert], away_s: float) -> None:
        """Continue from stored alerts. Time away counts for those that fire, but no condition was observed in it."""
        restored = (self._back(alert, away_s) for alert in kept.values())
        self.alerts = {alert.key: alert for alert in restored if self.rule(alert) is not None}

    def evaluate(self, facts: Facts, passed_s: float) -> dict[str, Turn]:
        """Evaluate all rules, `passed_s` seconds after the last time. Returns the changes, by alert."""
        turns: dict[str, Turn] = {}
        ended: list[Alert] = []
        for rule in self._rules:
            key = key_of(rule.name, rule.subject or rule.name)
            before = self.alerts.get(key) or _new(rule)
            with self._boundary.around(f"the alert rule {key}") as run:
                condition = self._newer(key, rule.judge(facts, self._settings), facts)
                after, turn = self._step(_forgotten(before, facts.at), rule, condition, passed_s, facts.at)
            if run.error is not None:
                after, turn = self._step(before, rule, Condition(Truth.UNKNOWN, run.text), passed_s, facts.at)
            came_back = turn is Turn.FIRED and before.firing
            if came_back:
                ended.append(_resolved(before, after.began_at or facts.at)[0])
            if came_back or turn is Turn.RESOLVED:
                after = msgspec.structs.replace(after, left=before.episode)
            self.alerts[key] = after
            if turn is not None:
                turns[key] = turn
        self.ended = tuple(ended)
        self._let_go(facts)
        return turns

    def rate_now(self, alert: Alert, facts: Facts) -> Condition | None:
        """Return the condition of an alert about a rate, as these facts are; `None` where they do not tell."""
        rule = self.rule(alert)
        if rule is None or not rule.rate or not alert.active:
            return None
        with self._boundary.around(f"the alert rule {alert.key}"):
            condition = rule.judge(facts, self._settings)
            return None if condition.truth is Truth.UNKNOWN else condition
        return None

    def cause_of(self, alert: Alert) -> Alert | None:
        """Return the firing alert that hides this one, if it is one that does."""
        sources = (one for one in self.alerts.values() if one.rule == alert.behind and one.firing)
        return next(sources, None) if alert.hidden else None

    def hiding(self, alert: Alert, facts: Facts) -> tuple[str, str]:
        """Return the rule and the title of the alert that hides this one; empty when none does.

        Only a firing alert whose condition holds hides others: one about to resolve explains nothing, and one that is
        hidden itself is not in force. Yet what it hid stays so until it is measured again: what was last known of it is
        of the time of the other.
        """
        rule = self.rule(alert)
        if rule is None:
            return "", ""
        unmeasured = bool(alert.hidden) and alert.truth is Truth.UNKNOWN
        for name in rule.hidden_by:
            if name == DISABLED and facts.enabled is False:
                return DISABLED, "the system is disabled"
            for source in self.alerts.values():
                if source.rule != name or not source.firing or (source.known is False and not unmeasured):
                    continue
                if not self.hiding(source, facts)[0]:
                    return name, source.title
        return "", ""

    def adopt(
        self,
        found: Iterable[Alert],
        over: Mapping[tuple[str, str], datetime] | None = None,
        *,
        told: frozenset[tuple[str, str]] = frozenset(),
        follow: bool = False,
    ) -> None:
        """Continue what another monitor fired and did not resolve, in its episode and with what it told.

        `over`: when it resolved others, by name and episode; `told`: those that reached somebody. `follow`: the other
        monitor tells and we do not, so its episode wins; among equals the older one wins. What ended here does not come
        back because the other monitor has not seen its end yet.
        """
        over = over or {}
        self._over = {name: self._over.get(name, at) for name, at in over.items()}
        for key, alert in self.alerts.items():
            name = (key, alert.episode)
            owed = alert.owed and name not in over
            self.alerts[key] = msgspec.structs.replace(alert, owed=owed, reached=alert.reached or name in told)
        for theirs in found:
            ours = self.alerts.get(theirs.key)
            if self.rule(theirs) is None:
                continue
            if ours is None:
                self.alerts[theirs.key] = theirs
            elif ours.episode == theirs.episode:
                if ours.active:
                    self.alerts[theirs.key] = merged(ours, theirs)
            elif ours.left == theirs.episode and not self._long_known(ours):
                continue
            elif follow or not ours.firing or older(theirs, ours):
                self.alerts[theirs.key] = merged(ours, theirs)

    def _long_known(self, ours: Alert) -> bool:
        """Return whether an alert fired here for so long that the other monitor would know of it, were it no other."""
        return ours.firing and ours.seen_s >= self._settings.late_s

    def _let_go(self, facts: Facts) -> None:
        """End what was hidden since it began, once nothing hides it any more, unless it is known to hold.

        Nobody was told of it. What was not measured since is not known to be over: it begins anew if it still is so.
        """
        for key, alert in self.alerts.items():
            if not (alert.firing and alert.unheard) or alert.truth is Truth.TRUE or self.hiding(alert, facts)[0]:
                continue
            if alert.truth is Truth.FALSE:
                ended, _ = _resolved(alert, facts.at)
            else:
                ended = msgspec.structs.replace(alert, stage=AlertState.INACTIVE, held_s=0.0, trues=0)
            self.alerts[key] = msgspec.structs.replace(ended, flapping=False, changes=())

    def _newer(self, key: str, condition: Condition, facts: Facts) -> Condition:
        """Return the condition; unknown where it would begin what another monitor has seen the end of since."""
        alert = self.alerts.get(key)
        if condition.truth is not Truth.TRUE or (alert is not None and alert.firing):
            return condition
        read_at = condition.at or facts.at
        if any(name == key and read_at <= at for (name, _), at in self._over.items()):
            return Condition(Truth.UNKNOWN, "another monitor saw its end since this was read")
        return condition

    def _step(
        self, before: Alert, rule: Rule, condition: Condition, passed_s: float, now: datetime
    ) -> tuple[Alert, Turn | None]:
        alert = msgspec.structs.replace(
            before,
            truth=condition.truth,
            firing_s=before.firing_s + (passed_s if before.firing else 0.0),
            seen_s=before.seen_s + (passed_s if before.firing else 0.0),
            told_s=before.told_s + passed_s,
        )
        known = before.known if condition.truth is Truth.UNKNOWN else condition.truth is Truth.TRUE
        if before.firing and known is not True and (before.key, before.episode) in self._over:
            return _resolved(msgspec.structs.replace(alert, known=known, flapping=False, changes=()), now)
        if condition.truth is Truth.UNKNOWN:
            return _expired(alert), None
        holds = condition.truth is Truth.TRUE
        alert = _noted(alert, before, holds=holds, passed_s=passed_s, window_s=self._settings.flap_s)
        if holds:
            held_s = before.held_s + (passed_s if before.truth is Truth.TRUE else 0.0)
            alert = msgspec.structs.replace(
                alert,
                title=condition.title or rule.title,
                text=condition.text or rule.title,
                by=condition.by,
                held_s=max(held_s, condition.held_s),
                trues=before.trues + (before.truth is not Truth.TRUE or held_s >= self._settings.evaluate_s / 2),
                false_s=None,
                quiet_s=0.0,
            )
        else:
            false_s = 0.0 if before.false_s is None else before.false_s + passed_s
            alert = msgspec.structs.replace(alert, false_s=false_s, quiet_s=before.quiet_s + passed_s)
            if alert.firing and false_s >= self._settings.resolve_s:
                alert = msgspec.structs.replace(alert, over=True, held_s=0.0, trues=0)
        return self._moved(alert, rule, condition, now)

    def _moved(self, alert: Alert, rule: Rule, condition: Condition, now: datetime) -> tuple[Alert, Turn | None]:
        holds, settings = condition.truth is Truth.TRUE, self._settings
        episode = condition.episode or self._episode_of(rule, alert)
        if not alert.active and holds:
            alert = msgspec.structs.replace(
                alert,
                stage=AlertState.PENDING,
                severity=rule.begins or rule.severity,
                held_s=condition.held_s,
                trues=1,
                **_new_episode(episode, now - timedelta(seconds=condition.held_s)),
            )
        if len(alert.changes) >= settings.flap_changes and not rule.switch and alert.firing:
            alert = msgspec.structs.replace(alert, flapping=True)
        if alert.firing and alert.over and holds and self._ripe(alert, rule):
            return self._come_back(alert, rule, episode, now)
        if alert.flapping:
            if alert.known_s - alert.changes[-1] < settings.flap_s:
                return alert, None
            alert = msgspec.structs.replace(alert, flapping=False, changes=())
            return (alert, None) if holds else _resolved(alert, now)
        if len(alert.changes) >= settings.flap_changes and not rule.switch:
            alert = msgspec.structs.replace(alert, flapping=True)
            if not alert.active:
                alert = msgspec.structs.replace(alert, **_new_episode(episode, now))
            return _fired(alert, now), Turn.FLAPS
        if alert.stage is AlertState.PENDING:
            if not holds:
                return msgspec.structs.replace(alert, stage=AlertState.INACTIVE, held_s=0.0, trues=0), None
            if not self._ripe(alert, rule):
                return alert, None
            alert = _fired(alert, now)
            return (_risen(alert, rule) if _rises(alert, rule) else alert), Turn.FIRED
        if alert.firing and holds and _rises(alert, rule):
            return _risen(alert, rule), Turn.ROSE
        if alert.firing and not holds:
            hold_s = settings.rate_hold_s if rule.rate else 0.0
            switched_off = rule.switch and alert.changes[-1:] == (alert.known_s,)  # seen here, and just now
            if switched_off or ((alert.false_s or 0.0) >= settings.resolve_s and alert.quiet_s >= hold_s):
                return _resolved(alert, now)
        return alert, None

    def _come_back(self, alert: Alert, rule: Rule, episode: str, now: datetime) -> tuple[Alert, Turn | None]:
        """Return an alert whose condition was over for long enough to resolve, though it had not, and holds again.

        Whoever acknowledged it did not see it come back: that is news, and it begins anew. What nobody has goes on, or
        a rate about its limit would be a message each time. While it flaps it was said that it would come back, and
        only its beginning is new.
        """
        began_at = now - timedelta(seconds=alert.held_s)
        if alert.flapping:
            return msgspec.structs.replace(alert, over=False, began_at=began_at), None
        if not alert.acked:
            return msgspec.structs.replace(alert, over=False), None
        fresh = msgspec.structs.replace(alert, severity=rule.begins or rule.severity, **_new_episode(episode, began_at))
        return _fired(fresh, now), Turn.FIRED

    def _ripe(self, alert: Alert, rule: Rule) -> bool:
        """Return whether the condition has held for long enough, and nothing is about to fire that would hide it."""
        ripe = alert.trues >= 2 if rule.for_s is None else alert.held_s >= rule.for_s
        return ripe and not self._waits(rule, alert)

    def _waits(self, rule: Rule, alert: Alert) -> bool:
        """Return whether an alert that would hide this one may be about to fire: then this one does not begin.

        One that stays unknown is waited for only for a while: it may never be measured again.
        """
        patient = alert.held_s < (rule.for_s or 0.0) + _WAITS_S
        return any(
            one.rule in rule.hidden_by
            and one.stage is AlertState.PENDING
            and (patient or one.truth is not Truth.UNKNOWN)
            for one in self.alerts.values()
        )

    def _episode_of(self, rule: Rule, alert: Alert) -> str:
        """Return the episode of a subject, shared by its alerts: failing calls may become a database that is down.

        One that was over begins another, though a milder alert went on meanwhile: whoever acknowledged that did not see
        it come back.
        """
        over_at = alert.resolved_at
        if rule.subject and not alert.over:
            for other in self.alerts.values():
                later = over_at is None or (other.began_at is not None and other.began_at > over_at)
                if other.subject == rule.subject and other.active and other.episode and later:
                    return other.episode
        return self.episode()

    def _back(self, alert: Alert, away_s: float) -> Alert:
        if alert.stage is AlertState.PENDING and away_s > self._settings.away_s:
            return msgspec.structs.replace(alert, stage=AlertState.INACTIVE, truth=Truth.UNKNOWN, held_s=0.0, trues=0)
        firing_s = alert.firing_s + (away_s if alert.firing else 0.0)
        # Nothing was seen meanwhile: the time away is not added to what was held.
        return msgspec.structs.replace(alert, truth=Truth.UNKNOWN, firing_s=firing_s, told_s=alert.told_s + away_s)


def _new_episode(episode: str, began_at: datetime) -> dict[str, Any]:
    """Return the fields of a new episode."""
    nothing = {"told": 0, "here": 0, "messages": 0, "logged": False, "reached": False, "alone": False}
    times = {"began_at": began_at, "fired_at": None, "resolved_at": None}
    return {"episode": episode, "owed": False, "over": False} | times | nothing


def _rises(alert: Alert, rule: Rule) -> bool:
    """Return whether an alert has held long enough for its severity to rise."""
    return rule.begins is not None and alert.severity is not rule.severity and alert.held_s >= rule.rises_s


def _risen(alert: Alert, rule: Rule) -> Alert:
    """Return the alert at its highest severity; those told of the lower one are told again."""
    return msgspec.structs.replace(alert, severity=rule.severity, told=0, here=0, told_s=0.0, reached=False, seen_s=0.0)


def _expired(alert: Alert) -> Alert:
    """Drop an alert that only others reported, and nobody for a day: it was never observed here."""
    if alert.firing and alert.logged and alert.known is None and alert.told_s >= EXPIRES_S:
        return msgspec.structs.replace(alert, stage=AlertState.INACTIVE)
    return alert


def _forgotten(alert: Alert, now: datetime) -> Alert:
    """Drop an alert that was resolved long ago; its changes stay remembered, for flapping."""
    if alert.stage is not AlertState.RESOLVED or alert.resolved_at is None:
        return alert
    old = (now - alert.resolved_at).total_seconds() >= FORGOTTEN_S
    return msgspec.structs.replace(alert, stage=AlertState.INACTIVE) if old else alert


def _new(rule: Rule) -> Alert:
    return Alert(
        rule=rule.name,
        subject=rule.subject or rule.name,
        severity=rule.begins or rule.severity,
        title=rule.title,
        runbook=rule.runbook,
    )


def _noted(alert: Alert, before: Alert, *, holds: bool, passed_s: float, window_s: float) -> Alert:
    """Return the alert after one more known evaluation, with any change recorded."""
    known_s = before.known_s + (passed_s if before.truth is not Truth.UNKNOWN else 0.0)
    changes = tuple(at for at in before.changes if known_s - at < window_s or before.flapping)
    if before.known is not None and before.known is not holds:
        changes = (*changes, known_s)
    return msgspec.structs.replace(alert, known=holds, known_s=known_s, changes=changes[-16:])


def _fired(alert: Alert, now: datetime) -> Alert:
    return msgspec.structs.replace(
        alert, stage=AlertState.FIRING, fired_at=now, firing_s=0.0, seen_s=0.0, told=0, here=0, told_s=0.0
    )


def _resolved(alert: Alert, now: datetime) -> tuple[Alert, Turn]:
    return msgspec.structs.replace(
        alert, stage=AlertState.RESOLVED, resolved_at=now, held_s=0.0, trues=0, over=False
    ), Turn.RESOLVED
