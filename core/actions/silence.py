"""Silence: nobody is told of alerts that match for a while; and the end of a silence."""

import uuid
from datetime import timedelta
from typing import Final

import msgspec

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.alerting.silences import LONGEST, matches
from core.alerting.sync import of_order
from core.base.text import clean, plural, short
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.alerts import Silence
from core.domain.plans import Sentence

SILENCE: Final = Action(
    name="silence",
    tier=Tier.CONFIRM,
    title="Silence",
    effect="send no notifications for matching alerts until it ends; they stay on the screen",
    arguments=(
        Argument(name="matcher", kind=ArgumentKind.SUBJECT, required=True),
        Argument(
            name="lasts",
            option="for",
            kind=ArgumentKind.DURATION,
            words="for how long",
            help="Up to 7d.",
            replans=True,
            default=timedelta(hours=2),
            most=int(LONGEST.total_seconds()),
        ),
        Argument(
            name="reason",
            words="reason",
            help="Why; shown to everybody who sees the silence.",
            metavar="TEXT",
            required=True,
            longest=200,
        ),
    ),
    shortcut=Shortcut(
        name="silence",
        key="z",
        word="silence",
        does="silence alerts for a while, or end a silence",
        drops=14,
    ),
    command=Command(
        name="silence",
        help="Send no notifications for alerts that match a name, subject or severity; * and ? are wildcards.",
        alerts=True,
    ),
)
END_SILENCE: Final = Action(
    name="end_silence",
    tier=Tier.SAFE,
    title="End a silence",
    effect="notify again about matching alerts",
    arguments=(Argument(name="silence", kind=ArgumentKind.SUBJECT, required=True),),
)


class SilenceAlerts(LocalOperation[Sentence]):
    """Tells nobody of what `matcher` fits for the time `lasts`.

    On this machine's disk at once, in the project's log when it answers.
    """

    action = SILENCE

    def __init__(
        self,
        parts: Dependencies,
        shown: Sentence | None = None,
        *,
        matcher: str = "",
        lasts: timedelta = timedelta(hours=2),
        reason: str = "",
    ) -> None:
        super().__init__(parts, shown)
        self._matcher = clean(matcher.strip(), 80)
        self._lasts = lasts
        self._reason = clean(reason.strip())

    async def plan(self) -> Sentence:
        """Return what it concerns now."""
        if wrong := self._wrong_time():
            return Sentence(text=wrong, refused=wrong)
        about = len(self._about(self._silence("")))
        text = f"{self._matcher}: no notifications for {short(self._lasts)}. It matches {plural(about, 'alert')} now."
        return Sentence(text=f"{text} Alerts already sent still get their resolved message.")

    async def act(self, actor: Actor) -> Result:
        """Keep it, and tell every monitor. Raises NotKept."""
        if wrong := self._wrong():
            return self.refused(wrong)
        silence = self._silence(str(actor))
        about = len(self._about(silence))
        text = f"{silence.matcher} silenced for {short(self._lasts)}: {silence.reason} ({plural(about, 'alert')} now)"
        return await _keep(self, silence, text, actor)

    def _silence(self, who: str) -> Silence:
        now = self._parts.context.clock.now()
        name = str(uuid.uuid4())
        until = now + self._lasts
        return Silence(id=name, matcher=self._matcher, reason=self._reason, who=who, at=now, until=until)

    def _about(self, silence: Silence) -> list[str]:
        return [alert.key for alert in self._parts.alerts.firing() if matches(silence, alert)]

    def _wrong(self) -> str:
        if not self._matcher:
            return "say what to silence: an alert's name, a severity, or a pattern like breakers:*"
        if not self._reason:
            return "a reason is required: whoever finds it silent wants to know"
        return self._wrong_time()

    def _wrong_time(self) -> str:
        if self._lasts <= timedelta(0):
            return "the duration must be longer than 0"
        return f"no silence is longer than {LONGEST.days} days" if self._lasts > LONGEST else ""


class EndSilence(LocalOperation[Sentence]):
    """Takes a silence back, by the beginning of its id."""

    action = END_SILENCE

    def __init__(self, parts: Dependencies, shown: Sentence | None = None, *, silence: str = "") -> None:
        super().__init__(parts, shown)
        self._name = silence

    async def plan(self) -> Sentence:
        """Return what is silenced."""
        return Sentence(text="\n".join(f"{one.matcher} by {one.who}: {one.reason}" for one in self._found()))

    async def act(self, actor: Actor) -> Result:
        """Keep it, and tell every monitor. Raises NotKept."""
        found = self._found()
        if not found and (over := self._named()):
            return self.already(f"{over[0].matcher} is not silenced any more")
        if len(found) != 1:
            few = "no silence" if not found else "more than one silence"
            return self.refused(f"{few} is called {clean(self._name, 60)}; see: watchdesk silence --list")
        ended = msgspec.structs.replace(found[0], ended_at=self._parts.context.clock.now())
        return await _keep(self, ended, f"{ended.matcher} is not silenced any more", actor)

    def _found(self) -> list[Silence]:
        now = self._parts.context.clock.now()
        return [one for one in self._named() if one.holds(now)]

    def _named(self) -> list[Silence]:
        return [one for one in self._parts.alerts.silences() if self._name and one.id.startswith(self._name)]


async def _keep(operation: LocalOperation[Sentence], silence: Silence, text: str, actor: Actor) -> Result:
    row = of_order(SILENCE.name, silence, text, by=actor.by, who=str(actor), host=actor.host)
    await operation._parts.alerts.keep(silence, row)
    return operation.verified(text, run=row.told["run"])
