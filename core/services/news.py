"""What a refresh shows and the last check did not know of: then a check is due at once."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from core.domain.checks import Check
from core.domain.records import SystemConfig, Task
from core.domain.status import Level
from core.domain.stuck import FUTURE, Overdue, past_their_time
from core.services.context import Context
from core.services.readings import Readings

_EVERY_S: Final = 60.0
_SWITCHED_EVERY_S: Final = 15.0
_QUICK: Final = 0.75
"""The share of the limit within which an answer is quick again."""
_FAILED: Final = 3
"""The failures since the last check that are news, where they are half of what finished since."""


class News:
    """Compares what the panels show with what the last check went by. Each kind of news is told once, and seldom."""

    def __init__(self, context: Context, readings: Readings) -> None:
        self._context = context
        self._readings = readings
        self._checks: dict[str, Level] = {}
        self._overdue = Overdue()
        self._judged_with: SystemConfig | None = None
        """The agents' configuration that the last check went by."""
        self._checked_at = 0.0
        self._told_of: frozenset[str] = frozenset()
        """The ids of overdue tasks for which a check was asked for."""
        self._told_at = dict.fromkeys((self._switched, self._late, self._failing, self._slow), -_EVERY_S)
        """When each kind of news was told last, on the elapsed clock."""
        self._slow_since: float | None = None
        """When refreshes became slow, on the elapsed clock; `None` while they are not."""

    def asked_with(self, config: SystemConfig | None) -> None:
        """Record that a check begins, and the agents' configuration that it goes by."""
        self._judged_with, self._checked_at = config, self._context.clock.elapsed()

    def checked(self, checks: Iterable[Check], overdue: Overdue) -> None:
        """Record what a check found."""
        self._checks = {check.name: check.level for check in checks}
        self._overdue = overdue

    def refreshed(self, took_s: float) -> None:
        """Record how long a refresh took that was answered."""
        limit_s = self._context.config.watch.limit_s
        if took_s <= _QUICK * limit_s:
            self._slow_since = None
        elif took_s > limit_s and self._slow_since is None:
            self._slow_since = self._context.clock.elapsed()

    def any(self) -> bool:
        """Return whether there is news.

        A task past its time, failures, a slow answer: of each once a minute at most, and once while it lasts; a stop or
        a resume every 15 s at most.
        """
        elapsed = self._context.clock.elapsed()
        for kind, told_at in self._told_at.items():
            every_s = _SWITCHED_EVERY_S if kind == self._switched else _EVERY_S
            if kind() and elapsed - told_at >= every_s:
                self._told_at[kind] = elapsed
                return True
        return False

    def _switched(self) -> bool:
        """Return whether the agents were stopped, resumed, enabled or disabled since."""
        newest, judged = self._readings.config, self._judged_with
        if not newest.live or newest.value is None or judged is None:
            return False
        return _switches(newest.value) != _switches(judged)

    def _late(self) -> bool:
        """Return whether a task on the screen is past its time, of which no check knows."""
        now = self._context.time.cut_off()
        past = {task.id for task in past_their_time(self._tasks(), now, self._context.config.stuck)} if now else set()
        self._told_of &= past  # one that was healed can be stuck once more
        late = past - {task.id for task in (*self._overdue.silent, *self._overdue.slow)}
        if not late - self._told_of or self._context.clock.elapsed() - self._told_at[self._late] < _EVERY_S:
            return False
        self._told_of = frozenset(late)
        return True

    def _failing(self) -> bool:
        """Return whether tasks fail one after the other, which the check of the failure rate has not seen."""
        now = self._context.time.cut_off()
        if now is None or self._checks.get("failure_rate") is not Level.OK:
            return False
        since = now - timedelta(seconds=self._context.clock.elapsed() - self._checked_at)
        until = now + FUTURE
        ended = [task for task in self._tasks() if task.ended_at is not None and since < task.ended_at <= until]
        failed = sum(task.status == "failed" for task in ended)
        return failed >= max(_FAILED, len(ended) / 2)

    def _slow(self) -> bool:
        """Return whether the project began to answer slowly, which the check of the database has not seen."""
        if self._slow_since is None or self._checks.get("database") is not Level.OK:
            return False
        return self._told_at[self._slow] < self._slow_since

    def _tasks(self) -> tuple[Task, ...]:
        newest = self._readings.values["tasks"]
        return newest.value if newest.live and newest.value is not None else ()


def _switches(config: SystemConfig) -> tuple[bool, bool]:
    return config.emergency_stop, config.enabled
