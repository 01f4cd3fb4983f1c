"""When a process that ended is started again, and when one that gives no sign of life is ended."""

from typing import Final

import msgspec

ALIVE_EVERY_S: Final = 10.0
"""The seconds between two signs of life of a process, at most."""


class RestartRules(msgspec.Struct, frozen=True, kw_only=True):
    """The pauses of one process, seconds.

    `first_s` before it is started again, twice as long each time, up to `most_s`; anew once it ran for `well_s`.
    `person_s`: the least where only a person can mend it. `silent_s`: without a sign of life for so long it counts as
    hanging, and after `kill_s` it is ended. `begin_s`: the longest that all wait for those that begin.
    """

    first_s: float = 2.0
    most_s: float = 300.0
    well_s: float = 120.0
    person_s: float = 60.0
    silent_s: float = 3.0 * ALIVE_EVERY_S
    kill_s: float = 6.0 * ALIVE_EVERY_S
    begin_s: float = 20.0

    def pause_s(self, before_s: float, *, ran_s: float, person: bool) -> float:
        """Return the pause before the next start. `before_s`: the last one, 0 for none; `ran_s`: how long it ran."""
        again = 0.0 if ran_s >= self.well_s else before_s
        pause = self.first_s if not again else min(self.most_s, 2.0 * again)
        return max(pause, self.person_s) if person else pause

    def hangs(self, silent_s: float) -> bool:
        """Return whether a process is to be told of as hanging."""
        return silent_s >= self.silent_s

    def is_lost(self, silent_s: float) -> bool:
        """Return whether a process is to be ended, so that another takes its place."""
        return silent_s >= self.kill_s
