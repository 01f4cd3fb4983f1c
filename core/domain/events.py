"""Events, each kind with its own fields, and one sentence for people.

Panels, the black box and the report go by the fields; the sentence is for people, and nothing parses it.
"""

from datetime import datetime
from typing import ClassVar, Final, TypeAlias

import msgspec

from core.base.text import clean, short
from core.domain.actions import Result, ResultPhase, label
from core.domain.actors import ANOTHER, By
from core.domain.alerts import Phase, Severity
from core.domain.checks import Check, verdict_in_words
from core.domain.log_steps import ALERTS, HEALTH_CHECK, about_alert, is_ours
from core.domain.records import LogEntry
from core.domain.status import Level
from core.resilience import BreakerCause, BreakerEvent, BreakerState, DegradationEvent, DegradationLevel

_PROBES: Final = {
    *(BreakerCause.DUE, BreakerCause.HURRIED, BreakerCause.ASKED),
    *(BreakerCause.PROBE_FAILED, BreakerCause.EXPIRED),
}
"""The causes of changes of a breaker that stays open."""


class BreakerChanged(msgspec.Struct, frozen=True, kw_only=True, tag="breaker"):
    """A breaker entered another state. `by`: who ordered that, empty if nobody did; `why`: the reason in words."""

    who: ClassVar[str] = By.WATCHDESK.value
    run: ClassVar[str] = ""

    key: str
    before: BreakerState
    after: BreakerState
    cause: BreakerCause
    why: str
    by: str = ""

    @classmethod
    def of(cls, event: BreakerEvent) -> "BreakerChanged":
        """Return the event for a change that a breaker reported."""
        return cls(key=event.key, before=event.before, after=event.after, cause=event.cause, why=event.why, by=event.by)

    @property
    def probes(self) -> bool:
        """Return whether it is a probe of a breaker that stays open: of each there is one a minute."""
        return self.cause in _PROBES

    @property
    def level(self) -> Level:
        """Return OK for a closed breaker, else WARNING."""
        return Level.OK if self.after is BreakerState.CLOSED else Level.WARNING

    @property
    def state(self) -> str:
        """Return the new state in one word."""
        return self.after.value.replace("_", "-")

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `breaker db:read open: 5 failures in a row: no route`."""
        return f"breaker {self.key} {self.state}: {self.why}"


class BreakerReopened(msgspec.Struct, frozen=True, kw_only=True, tag="breaker_again"):
    """A breaker opened `after_s` seconds after `by` had reset it."""

    who: ClassVar[str] = By.WATCHDESK.value
    run: ClassVar[str] = ""
    level: ClassVar[Level] = Level.WARNING

    key: str
    after_s: float
    by: str

    @property
    def sentence(self) -> str:
        """Return the sentence: it opened again, how soon after whose reset."""
        return f"breaker {self.key} is open again {short(self.after_s)} after {self.by} reset it: the cause persists"


class CheckChanged(msgspec.Struct, frozen=True, kw_only=True, tag="check"):
    """A check reached another verdict. `before` is `None` for its first one; `why`: the finding in words."""

    who: ClassVar[str] = By.WATCHDOG.value
    run: ClassVar[str] = ""

    check: str
    before: Level | None
    after: Level
    why: str

    @classmethod
    def of(cls, check: Check, before: Level | None) -> "CheckChanged":
        """Return the event for a check whose level was `before`."""
        return cls(check=check.name, before=before, after=check.level, why=check.text)

    @property
    def level(self) -> Level:
        """Return the new verdict."""
        return self.after

    @property
    def verdict(self) -> str:
        """The check's finding, as the state word gives it for its reason."""
        return verdict_in_words(self.check, self.why)

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `edge function critical: no answer within 8 s`."""
        return f"{self.check.replace('_', ' ')} {self.after}: {self.why}"


class ActionEnded(msgspec.Struct, frozen=True, kw_only=True, tag="action"):
    """An action ended, or waits. `who` ordered it, for `reason`; `done`: the project is now as ordered.

    `outcome`: the result in words. `run`: its id in the audit trail, empty if it wrote no row.
    """

    who: str
    action: str
    phase: ResultPhase
    outcome: str
    done: bool = False
    reason: str = ""
    run: str = ""

    @classmethod
    def of(cls, result: Result, who: str, reason: str = "") -> "ActionEnded":
        """Return the event for the result of an action that `who` ordered."""
        return cls(
            who=who,
            action=result.action,
            phase=result.phase,
            outcome=result.text,
            done=result.done,
            reason=clean(reason.strip()),
            run=result.run,
        )

    @property
    def level(self) -> Level:
        """Return OK if it is done, else WARNING."""
        return Level.OK if self.done else Level.WARNING

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `emergency stop: stopped (read back) (too many failures)`."""
        why = f" ({self.reason})" if self.reason else ""
        return f"{label(self.action)}: {self.outcome}{why}"


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """An alert began, rose, goes on or is over. `key`: its name; `episode`: this occurrence; `why`: its text."""

    who: ClassVar[str] = By.WATCHDESK.value
    run: ClassVar[str] = ""

    key: str
    episode: str
    phase: Phase
    severity: Severity
    title: str
    why: str = ""

    @property
    def level(self) -> Level:
        """The level of the alert, ok once it is over."""
        return Level.OK if self.phase is Phase.RESOLVED else self.severity.level

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `alert firing, high: many tasks fail: 70 % of 30 failed`."""
        told = f"alert {self.phase}, {self.severity}: {self.title}"
        return told if self.phase is Phase.RESOLVED or self.why in {"", self.title} else f"{told}: {self.why}"


class ContactTold(msgspec.Struct, frozen=True, kw_only=True, tag="told"):
    """A contact or channel accepted a message about an alert in some phase. `how`: the way it took, if it says so."""

    who: ClassVar[str] = By.WATCHDESK.value
    run: ClassVar[str] = ""
    level: ClassVar[Level] = Level.OK

    to: str
    phase: Phase
    subject: str
    how: str = ""

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `told ann@example.org: [atlas] critical: success rate is low`."""
        return f"told {self.to}: {self.subject}" + (f" ({self.how})" if self.how else "")


class DegradationChanged(msgspec.Struct, frozen=True, kw_only=True, tag="degradation"):
    """The level of degradation changed. `lost`: the components that are not on live data."""

    who: ClassVar[str] = By.WATCHDESK.value
    run: ClassVar[str] = ""

    before: DegradationLevel
    after: DegradationLevel
    lost: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: DegradationEvent) -> "DegradationChanged":
        """Return the event for a change of the degradation."""
        return cls(before=event.before, after=event.after, lost=event.lost)

    @property
    def level(self) -> Level:
        """Return OK if everything is live, else WARNING."""
        return Level.OK if self.after is DegradationLevel.NORMAL else Level.WARNING

    @property
    def sentence(self) -> str:
        """Return the sentence, such as `partial degradation: queue, recent logs not live`."""
        lost = f": {', '.join(self.lost).replace('_', ' ')} not live" if self.lost else ""
        return f"{self.after.words}{lost}"


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A text for people; nothing depends on its words. `run`: the action it is about, if any."""

    text: str
    who: str = By.WATCHDESK.value
    level: Level = Level.OK
    run: str = ""

    @property
    def sentence(self) -> str:
        """Return the text as it is."""
        return self.text


Change: TypeAlias = (
    BreakerChanged | BreakerReopened | CheckChanged | ActionEnded | AlertChanged | ContactTold | DegradationChanged
)
"""Events with fields of their own; in a record the tag tells the kind."""

Happening: TypeAlias = Change | Remark
"""Any event."""


class Event(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """Something that happened. `who`: operator, watchdog, agents, another host, or `watchdesk` itself.

    `text`: its sentence. `run`: the action it is about. `row`: the row of the project's log that tells it, empty for an
    event of this process; `written_at`: when that was written, if later. `what`: its kind and fields; `None` for a
    remark, a row, and pictures older than the kinds.
    """

    at: datetime
    who: str
    text: str
    level: Level = Level.OK
    run: str = ""
    row: str = ""
    what: Change | None = None
    written_at: datetime | None = None

    @property
    def weight(self) -> int:
        """Return how much it matters beside others: probes the least, then what changes by itself, failures, acts."""
        if isinstance(self.what, BreakerChanged) and not self.what.by:
            return 0 if self.what.probes else 1
        if self.run or isinstance(self.what, ActionEnded | AlertChanged):
            return 3
        return 1 if self.level is Level.OK else 2

    @property
    def failure(self) -> str:
        """Return what failed, where a row of the agents tells that something did, such as `task failed`; else empty."""
        failed = self.row and self.who == By.AGENTS and self.level is Level.WARNING
        return self.text.partition(": ")[0] if failed else ""

    @classmethod
    def of(cls, what: Happening, at: datetime) -> "Event":
        """Return the record of what happened at `at`, its sentence rendered once. A remark is its text and no more."""
        return cls(
            at=at,
            who=what.who,
            text=what.sentence,
            level=what.level,
            run=what.run,
            what=None if isinstance(what, Remark) else what,
        )


def event_of(entry: LogEntry) -> Event | None:
    """Return the event in a row of the project's log written by others; `None` for one that is no news."""
    if entry.happened_at is None or entry.step == HEALTH_CHECK:
        return None
    failed = entry.status == "failed"
    if entry.order:
        who, text = entry.actor or ANOTHER, f"{label(entry.order)} {entry.status}"
    elif about_alert(entry.step):
        who, text = By.WATCHDOG.value, f"{entry.step.removeprefix(ALERTS)} alert"
    elif failed or is_ours(entry.step):
        who = (By.WATCHDOG if is_ours(entry.step) else By.AGENTS).value
        text = entry.step.replace("_", " ")
    else:
        return None
    return Event(
        at=entry.happened_at,
        written_at=entry.written_at,
        who=who,
        text=text + (f": {entry.told}" if entry.told not in {"", entry.order} else ""),
        level=Level.WARNING if failed else Level.OK,
        run=entry.run,
        row=entry.id,
    )
