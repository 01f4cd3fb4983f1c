"""Acknowledge: an operator takes care of an alert, and nobody else is told of it for a while."""

import uuid
from typing import Final

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.alerting.sync import of_order
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.alerts import Ack, Alert
from core.domain.plans import Sentence

ACKNOWLEDGE: Final = Action(
    name="acknowledge",
    tier=Tier.SAFE,
    title="Acknowledge",
    effect="you are handling it: nobody else is notified for eight hours",
    arguments=(
        Argument(name="alert", kind=ArgumentKind.SUBJECT, metavar="ID", required=True),
        Argument(name="note", help="What others should know.", metavar="TEXT", default="", asked=False),
    ),
    shortcut=Shortcut(
        name="acknowledge",
        key="a",
        word="ack",
        does="acknowledge an alert: you are handling it, nobody else is notified",
        drops=7,
    ),
    command=Command(
        name="ack",
        help="Acknowledge an alert on every monitor, by its name or the ID in its message.",
        alerts=True,
    ),
)


class Acknowledge(LocalOperation[Sentence]):
    """Takes care of what fires under the name `alert`: an episode's beginning, an alert's name, or its rule.

    On this machine's disk at once, in the project's log when it answers.
    """

    action = ACKNOWLEDGE

    def __init__(self, parts: Dependencies, shown: Sentence | None = None, *, alert: str = "", note: str = "") -> None:
        super().__init__(parts, shown)
        self._name = alert
        self._note = clean(note)

    async def plan(self) -> Sentence:
        """Return what fires under that name."""
        return Sentence(text="\n".join(f"{one.severity.value}: {one.title}: {one.text}" for one in self._named()))

    async def act(self, actor: Actor) -> Result:
        """Keep it, and tell every monitor. Raises NotKept."""
        alerts = self._parts.alerts
        shown = {alert.key for alert in self._named()}
        await alerts.hear()  # whose word it is that everybody speaks of
        found = self._named() or [alert for alert in alerts.firing() if alert.key in shown]
        if not found:
            return self.refused(f"no firing alert is called {clean(self._name, 60)}; see: watchdesk alerts")
        worst = found[0]
        if not worst.episode:
            return self.refused(f"{worst.title}: no monitor has told of it yet; try again in a minute")
        if all(alert.acked for alert in found):
            return self.already(f"{worst.title}: already acknowledged by {worst.acked}")
        now = self._parts.context.clock.now()
        ack = Ack(
            id=str(uuid.uuid4()),
            episode=worst.episode,
            severity=worst.severity,
            who=str(actor),
            at=now,
            note=self._note,
        )
        text = f"{worst.title}: acknowledged by {actor.who}" + (f": {ack.note}" if ack.note else "")
        row = of_order(self.action.name, ack, text, by=actor.by, who=str(actor), host=actor.host, now=now)
        await alerts.keep(ack, row)
        return self.verified(text, run=row.told["run"])

    def _named(self) -> list[Alert]:
        firing = self._parts.alerts.firing()
        exact = [alert for alert in firing if self._name in {alert.key, alert.rule}]
        return exact or [alert for alert in firing if len(self._name) >= 4 and alert.episode.startswith(self._name)]
