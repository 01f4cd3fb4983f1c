"""Silence: nobody is told of alerts that match for a while; and the end of a silence."""

import uuid
from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.alerting.silences import matches, titled
from core.alerting.sync import of_order
from core.base.text import clean, plural, short
from core.base.time_input import COMING_EXAMPLES, coming_moment_of
from core.base.zones import EXAMPLE as ZONE_EXAMPLE
from core.base.zones import local_zone_name, zone_of_name
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.alerts import Silence
from core.domain.maintenance import (
    FURTHEST,
    LONGEST,
    NO_ZONE,
    WEEKLY_EXAMPLE,
    OnceWindow,
    WeeklyWindow,
    at_zone,
    weekly_text,
)
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
            name="weekly",
            kind=ArgumentKind.WEEK,
            words="or every week",
            help=f"Every week: days and times such as {WEEKLY_EXAMPLE}, mon-fri 22:00-02:00 or daily 01:00-01:30.",
            metavar="DAYS",
            replans=True,
            longest=60,
        ),
        Argument(
            name="reason",
            words="reason",
            help="Why; shown to everybody who sees the silence.",
            metavar="TEXT",
            required=True,
            longest=200,
        ),
        Argument(
            name="begins",
            option="from",
            help=f"When it begins, such as {COMING_EXAMPLES}; at most {FURTHEST.days}d ahead. Without it: at once.",
            metavar="WHEN",
            asked=False,
            longest=60,
        ),
        Argument(
            name="until",
            help="When a weekly one ends for good, such as 2026-11-24. Without it: when it is ended by --end.",
            metavar="WHEN",
            asked=False,
            longest=60,
        ),
        Argument(
            name="zone",
            kind=ArgumentKind.ZONE,
            help=f"The time zone of days and times, such as {ZONE_EXAMPLE}. Without it: this machine's.",
            metavar="NAME",
            asked=False,
            longest=60,
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
        help=(
            "Send no notifications for alerts that match a name, subject or severity; * and ? are wildcards: at once"
            " for a while, once at a planned time (--from), or every week (--weekly).\n\nA weekly window follows the"
            " clocks of its time zone. Where they are put forward, the skipped times do not occur: a window within"
            " them is left out that day. Where they are put back, a window holds each time they show it. A time of"
            " --from that clocks skip is taken rather too early; of one they show twice the first counts."
        ),
        alerts=True,
    ),
)
END_SILENCE: Final = Action(
    name="end_silence",
    tier=Tier.SAFE,
    title="End a silence",
    effect="notify again about matching alerts",
    arguments=(
        Argument(name="silence", kind=ArgumentKind.SUBJECT, required=True),
        Argument(
            name="once",
            kind=ArgumentKind.FLAG,
            words="only the window now or next, not the later ones",
            replans=True,
        ),
    ),
)

_LATE: Final = timedelta(minutes=1)
"""A beginning that is over for no longer than this was meant as now."""


class SilenceAlerts(LocalOperation[Sentence]):
    """Tells nobody of what `matcher` fits: for the time `lasts`, now or from `begins` on; or `weekly`, until `until`.

    On this machine's disk at once, in the project's log when it answers.
    """

    action = SILENCE

    def __init__(  # noqa: PLR0913 - one for each argument
        self,
        parts: Dependencies,
        shown: Sentence | None = None,
        *,
        matcher: str = "",
        lasts: timedelta = timedelta(hours=2),
        reason: str = "",
        weekly: str = "",
        begins: str = "",
        until: str = "",
        zone: str = "",
    ) -> None:
        super().__init__(parts, shown)
        self._matcher = clean(matcher.strip(), 80)
        self._lasts = lasts
        self._reason = clean(reason.strip())
        self._weekly, self._begins, self._until = weekly.strip(), begins.strip(), until.strip()
        self._zone = zone.strip()

    async def plan(self) -> Sentence:
        """Return what it concerns now."""
        try:
            silence = self._silence("")
        except ValueError as error:
            return Sentence(text=f"{error}", refused=f"{error}")
        about = plural(len(self._about(silence)), "alert")
        text = f"{titled(silence).called}: no notifications {self._when(silence)}. It matches {about} now."
        return Sentence(text=f"{text} Alerts already sent still get their resolved message.")

    async def act(self, actor: Actor) -> Result:
        """Keep it, and tell every monitor. Raises NotKept."""
        if not self._matcher:
            return self.refused("say what to silence: an alert's name, a severity, or a pattern like breakers:*")
        if not self._reason:
            return self.refused("a reason is required: whoever finds it silent wants to know")
        try:
            silence = self._silence(str(actor))
        except ValueError as error:
            return self.refused(f"{error}")
        about = plural(len(self._about(silence)), "alert")
        text = f"{titled(silence).called} silenced {self._when(silence)}: {silence.reason} ({about} now)"
        return await _keep(self, silence, text, actor)

    def _silence(self, who: str) -> Silence:
        """Return the silence as it was ordered. Raises ValueError with a sentence where it makes no sense."""
        now = self._parts.likely_now()
        if self._lasts <= timedelta(0):
            raise ValueError("the duration must be longer than 0")
        if self._lasts > LONGEST:
            raise ValueError(f"no silence is longer than {LONGEST.days} days, but for a weekly one")
        window = self._window(now)
        return Silence(
            id=str(uuid.uuid4()),
            matcher=self._matcher,
            reason=self._reason,
            who=who,
            at=now,
            until=now + self._lasts if window is None else now,
            window=window,
        )

    def _window(self, now: datetime) -> OnceWindow | WeeklyWindow | None:
        if self._weekly and self._begins:
            raise ValueError("a weekly silence takes no --from: it holds from now on, within its days and times")
        if self._until and not self._weekly:
            raise ValueError("--until is the end of a weekly silence; of another one say with --for how long it lasts")
        if not (self._weekly or self._begins):
            if self._zone:
                raise ValueError("--zone is for the times of --weekly and --from")
            return None
        zone = self._zone or local_zone_name()
        if not zone:
            raise ValueError(f"this machine's time zone has no name: add --zone, such as --zone {ZONE_EXAMPLE}")
        clocks = zone_of_name(zone)
        if self._weekly:
            until = self._moment(self._until, "--until", now, clocks) if self._until else None
            if until is not None and until <= now:
                raise ValueError("--until is over: name a time to come")
            weekly = WeeklyWindow(text=weekly_text(self._weekly), zone=zone, until=until)
            if next(weekly.periods(now), None) is None:
                raise ValueError("no window begins before --until: name a later one")
            return weekly
        begins = self._moment(self._begins, "--from", now, clocks)
        if begins < now - _LATE:
            raise ValueError("--from is over: name a time to come, or leave it out to begin at once")
        if begins > now + FURTHEST:
            raise ValueError(f"--from is too far off: at most {FURTHEST.days} days ahead")
        return OnceWindow(since=begins, until=begins + self._lasts, zone=zone)

    def _moment(self, typed: str, option: str, now: datetime, clocks: tzinfo) -> datetime:
        if (found := coming_moment_of(typed, now, clocks)) is None:
            raise ValueError(f"{option} takes a time such as {COMING_EXAMPLES}, not {clean(typed, 40)}")
        return found

    def _when(self, silence: Silence) -> str:
        """Return when a silence holds."""
        match silence.window:
            case None:
                return f"for {short(self._lasts)}"
            case OnceWindow() as once:
                return f"from {once.words} ({short(self._lasts)}), {_far(once.since, silence.at)}"
            case WeeklyWindow() as weekly:
                ends = "until it is ended" if weekly.until is None else f"until {at_zone(weekly.until, weekly.zone)}"
                held = next(silence.periods(silence.at))
                begins = f"next {at_zone(held.since, weekly.zone)}, {_far(held.since, silence.at)}"
                now = f"now until {at_zone(held.until, weekly.zone)}"
                return f"{weekly.words} every week {ends}, {begins if held.since > silence.at else now}"

    def _about(self, silence: Silence) -> list[str]:
        return [alert.key for alert in self._parts.alerts.firing() if matches(silence, alert)]


class EndSilence(LocalOperation[Sentence]):
    """Takes a silence back, by the beginning of its id; `once`: of a weekly one only the window now or next."""

    action = END_SILENCE

    def __init__(
        self, parts: Dependencies, shown: Sentence | None = None, *, silence: str = "", once: bool = False
    ) -> None:
        super().__init__(parts, shown)
        self._name = silence
        self._once = once

    async def plan(self) -> Sentence:
        """Return what is silenced."""
        return Sentence(text="\n".join(f"{titled(one).called} by {one.who}: {one.reason}" for one in self._found()))

    async def act(self, actor: Actor) -> Result:
        """Keep it, and tell every monitor. Raises NotKept."""
        found = self._found()
        if not found and (over := self._named()):
            return self.already(f"{titled(over[0]).called} is not silenced any more")
        if len(found) != 1:
            few = "no silence" if not found else "more than one silence"
            return self.refused(f"{few} is called {clean(self._name, 60)}; see: watchdesk silence --list")
        if self._once:
            return await self._skip(found[0], actor)
        ended = msgspec.structs.replace(found[0], ended_at=self._parts.likely_now())
        return await _keep(self, ended, f"{titled(ended).called} is not silenced any more", actor)

    async def _skip(self, silence: Silence, actor: Actor) -> Result:
        weekly, now = silence.window, self._parts.likely_now()
        if not isinstance(weekly, WeeklyWindow):
            return self.refused("only a weekly silence has further windows; end it without --once")
        if (held := next(silence.periods(now), None)) is None:
            return self.refused(f"its next window is not known: it {NO_ZONE}")
        skipped = msgspec.structs.replace(silence, skipped=held.until)
        following = next(skipped.periods(now), None)
        goes_on = f"next {at_zone(following.since, weekly.zone)}" if following is not None else "it was the last"
        when = "any more" if held.since <= now else f"on {at_zone(held.since, weekly.zone)}"
        text = f"{titled(silence).called} is not silenced {when}; {weekly.words}: {goes_on}"
        return await _keep(self, skipped, text, actor)

    def _found(self) -> list[Silence]:
        now = self._parts.likely_now()
        return [one for one in self._named() if not one.over(now)]

    def _named(self) -> list[Silence]:
        return [one for one in self._parts.alerts.silences() if self._name and one.id.startswith(self._name)]


def _far(at: datetime, now: datetime) -> str:
    return f"in {short(at - now)}" if at > now else "from now on"


async def _keep(operation: LocalOperation[Sentence], silence: Silence, text: str, actor: Actor) -> Result:
    parts = operation._parts
    now = parts.context.clock.now()
    row = of_order(SILENCE.name, silence, text, by=actor.by, who=str(actor), host=actor.host, now=now)
    await parts.alerts.keep(silence, row)
    return operation.verified(text, run=row.told["run"])
