"""Detects conflicts between a watchdog and an operator: in the audit trail of all monitors, and at our breakers."""

from datetime import datetime, timedelta
from typing import Final

from core.actions.conflicts import WATCHED, ConflictRules, conflicts, unnamed
from core.actions.dry_run_origin import heal_in_words, last_to_set_it, turned_on_by_heal
from core.backend.reads import Reads
from core.base.clock import Clock
from core.domain.events import BreakerReopened
from core.domain.log_steps import AUDIT
from core.domain.records import EndedAction
from core.resilience import BreakerCause, BreakerEvent, BreakerState
from core.services.recent_log import RecentLog

_OVERLAP: Final = timedelta(minutes=10)
"""Rows of other machines may arrive this late; the database's clock stamps them, so hardly later."""

_MOST: Final = 2000
_AGAIN_S: Final = 120.0
"""A breaker that opens so many seconds after an operator's reset was reset too early."""


class ConflictWatch:
    """Remembers the actions within the conflict rules' window, so that each look reads only the newest."""

    def __init__(self, live: Reads, rules: ConflictRules, log: RecentLog) -> None:
        self._live = live
        self._log = log
        self._rules = rules
        self._actions: dict[str, EndedAction] = {}
        self._tasks: dict[str, frozenset[str]] = {}
        self._read_at: datetime | None = None
        self._dry_run: tuple[str, str] | None = None
        """The run of the heal that turned dry-run on, and that in words; no words once it was seen to be off again."""
        self._last_set = ""
        """The run of the last action that set dry-run, as of the look before: the config row is no older than that."""

    async def newest(self, now: datetime) -> str:
        """Return the newest conflict in words; empty for none. Raises NotLive."""
        since = now - timedelta(seconds=self._rules.tasks_s)
        new = since if self._read_at is None else max(since, self._read_at - _OVERLAP)
        nothing = self._log.none_since(new, lambda step: step == AUDIT)
        for order in () if nothing else await self._live.audit.ended(new, WATCHED):
            if order.at <= now + _OVERLAP:  # a row from the future would stay a conflict for ever
                self._actions[order.run] = order
        kept = sorted((one for one in self._actions.values() if one.at >= since), key=lambda one: one.at)[-_MOST:]
        self._actions = {one.run: one for one in kept}
        if runs := unnamed(kept, self._tasks, self._rules):
            self._tasks |= dict.fromkeys(runs, frozenset[str]()) | await self._live.audit.tasks_of(runs)
        self._tasks = {run: ids for run, ids in self._tasks.items() if run in self._actions}
        self._read_at = now
        told_from = now - timedelta(seconds=self._rules.told_s)
        found = [one for one in conflicts(kept, self._tasks, self._rules) if one.at >= told_from]
        more = f" (and {len(found) - 1} more like this within an hour)" if len(found) > 1 else ""
        return found[0].text + more if found else ""

    async def dry_run_by(self, *, on: bool) -> str | None:
        """Return since when dry-run is on by itself, and why; empty where it is not. Raises NotLive.

        `None`: it is `on`, and no action of the last day says by whom. It is of what `newest` has read.
        """
        last = last_to_set_it(self._actions.values())
        before, self._last_set = self._last_set, last.run if last is not None else ""
        if not on:
            if last is None or last.run == before:  # else the row may have been read before that action
                self._dry_run = (last.run, "") if last is not None else None
            return ""
        if last is not None and not turned_on_by_heal(last):
            self._dry_run = None
            return ""
        if last is not None and (self._dry_run is None or self._dry_run[0] != last.run):
            self._dry_run = (last.run, await heal_in_words(last, self._live))
        return self._dry_run[1] if self._dry_run is not None else None


class Resets:
    """Remembers which breakers an operator reset of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reset: dict[str, tuple[float, str]] = {}

    def heard(self, event: BreakerEvent) -> BreakerReopened | None:
        """Return the event of a breaker that opened again too soon after a reset; `None` for anything else."""
        if event.cause is BreakerCause.RESET:
            self._reset[event.key] = (self._clock.elapsed(), event.by)
            return None
        if event.after is not BreakerState.OPEN or event.key not in self._reset:
            return None
        at, who = self._reset.pop(event.key)
        since_s = self._clock.elapsed() - at
        return None if since_s > _AGAIN_S else BreakerReopened(key=event.key, after_s=since_s, by=who)
