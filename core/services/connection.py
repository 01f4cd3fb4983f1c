"""The state of the connection to the backend: live, stale, proven down, or blind."""

import math
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from core.base.clock import Clock
from core.checks.database import outage_in_words
from core.domain.snapshot import Link, LinkWord
from core.domain.status import Level
from core.resilience.fault import Evidence, Fault, Party

RECENT: Final = 30
"""The number of refresh durations that are kept."""

_FEW: Final = 3
"""The number of answers of which one may be slow without that being so of all."""

_LATELY_S: Final = 120.0
"""The greatest age of an answer, in seconds, from which it is told how quick the project is."""

_SLEPT_S: Final = 300.0
"""Where no refresh was tried for longer than this, in seconds, the machine slept; that time does not count."""


class ConnectionState:
    """Follows the answers of the backend. `OFFLINE` needs proof; not reaching it is `BLIND` after a while."""

    def __init__(self, clock: Clock, *, stale_after_s: float, blind_after_s: float) -> None:
        self._clock = clock
        self._stale_after_s = stale_after_s
        self._blind_after_s = blind_after_s
        self._longer_s = 0.0
        """The seconds by which the next try is due later than usual: so much longer silence means nothing."""
        self._asked_until = math.inf
        """Up to when somebody asks, on the elapsed clock."""
        self._started = self._tried_at = clock.elapsed()
        self._slept_s = 0.0
        """The seconds since the last answer in which the machine slept."""
        self._live: float | None = None
        self._live_at: datetime | None = None
        self._back: float | None = None
        """The elapsed time at which it answered again after the last outage that was seen."""
        self._proof = ""
        self._why = ""
        self._tries = 0
        self._failing_at: datetime | None = None
        self._proven_at = -math.inf
        """The elapsed time at which a check proved that the database answers."""
        self._took: deque[tuple[float, float | None]] = deque(maxlen=RECENT)
        """When each of the last refreshes ended, elapsed, and how long it took; `None` where nobody answered."""

    def looked_once(self) -> None:
        """Record that nobody asks any more, as in a command: from now on silence means nothing."""
        self._asked_until = self._clock.elapsed()

    def next_try_in(self, seconds: float, usual_s: float) -> None:
        """Record when the next refresh is due, and when it would be due at the usual period."""
        self._longer_s = max(0.0, seconds - usual_s)

    def answered(self, took_s: float) -> None:
        """Record a refresh with live data that took `took_s` seconds."""
        missed = self._tries > 0 or self._proof or self._untried_s() > 0
        if missed and self._word() not in {LinkWord.LIVE, LinkWord.CONNECTING}:
            self._back = self._clock.elapsed()
        self._tried_at, self._slept_s = self._clock.elapsed(), 0.0
        self._took.append((self._tried_at, took_s))
        self._live, self._live_at = self._clock.elapsed(), self._clock.now()
        self._proof = self._why = ""
        self._tries, self._failing_at = 0, None

    def told_by_another(self, age_s: float) -> None:
        """Record that another process here had live data `age_s` seconds ago. It says nothing of our own line."""
        self._tried_at, self._slept_s = self._clock.elapsed(), 0.0
        at = self._clock.elapsed() - age_s
        if self._live is None or at > self._live:
            self._live, self._live_at = at, self._clock.now() - timedelta(seconds=age_s)

    @property
    def failing(self) -> bool:
        """Return whether the last own refresh had no live data."""
        return self._tries > 0

    def failed(self, faults: tuple[Fault, ...]) -> None:
        """Record a refresh without live data, and its faults. Refusals by our own breakers are no evidence."""
        self._slept_s, self._tried_at = self._slept_s + self._unheard_s(), self._clock.elapsed()
        told = [fault for fault in faults if fault.kind != "refused_by_breaker"]
        if not told:
            return
        self._tries += 1
        self._failing_at = self._failing_at or self._clock.now()
        self._took.append((self._tried_at, None))
        down = next((fault for fault in told if fault.evidence is Evidence.DOWN), None)
        self._why = outage_in_words(down or told[0])
        if down is not None:
            self._proof = self._why
        elif any(fault.party is Party.MACHINE for fault in told):
            self._proof = ""  # without a network here the proof cannot be renewed

    def checked(self, level: Level, text: str, *, answered: bool = True, took_s: float = 0.0) -> None:
        """Record the verdict of the watchdog's database check, on a question asked `took_s` seconds ago.

        Once proven down, the database stays so until something answers: a slow question does not change that. A silent
        question proves nothing if another one was answered meanwhile.
        """
        if level is Level.CRITICAL:
            if self._live is None or self._live <= self._clock.elapsed() - took_s:
                self._proof = self._why = text
                self._failing_at = self._failing_at or self._clock.now()
        elif answered and level in {Level.OK, Level.WARNING}:
            self._proof, self._proven_at, self._slept_s = "", self._clock.elapsed(), 0.0
            if not self.failing:  # it was only this check that found it down
                self._failing_at = None

    @property
    def down(self) -> bool:
        """Return whether the database is proven down."""
        return bool(self._proof)

    @property
    def proof(self) -> str:
        """Return the proof that the database is down, in words; empty while it is not."""
        return self._proof

    def blind_for_s(self) -> float | None:
        """Return the seconds without any live data; `None` while it is live, proven down, or not yet blind."""
        if self._proof:
            return None
        heard = max(self._started if self._live is None else self._live, self._proven_at)  # either proves a line
        since = min(self._clock.elapsed(), self._asked_until) - heard - self._slept_s - self._unheard_s()
        return since if since > self._blind_after_s + self._longer_s else None

    def answers_for_s(self) -> float | None:
        """Return the seconds since the last outage ended, 0 while one lasts; `None` where none was seen."""
        if self._proof or self.blind_for_s() is not None:
            return 0.0
        return None if self._back is None else self._clock.elapsed() - self._back

    def quickest_s(self) -> float | None:
        """Return the seconds that the quickest of the last three answered refreshes took; `None` where none is new."""
        since = self._clock.elapsed() - _LATELY_S
        answered = [took for at, took in self._took if took is not None and at >= since]
        return min(answered[-_FEW:], default=None)

    def link(self, next_at: datetime | None) -> Link:
        """Return the link for the snapshot. `next_at`: the next try."""
        return Link(
            word=self._word(),
            since=self._live_at,
            tries=self._tries,
            next_at=next_at,
            why=self._why,
            latency_s=next((took for _, took in reversed(self._took) if took is not None), None),
            recent=tuple(took for _, took in self._took),
            failing_since=self._failing_at,
        )

    def _word(self) -> LinkWord:
        if self._proof:
            return LinkWord.OFFLINE
        if self.blind_for_s() is not None:
            return LinkWord.BLIND
        if self._live is None:
            return LinkWord.CONNECTING
        late = self._tries > 0 and self._clock.elapsed() - self._live > self._stale_after_s + self._longer_s
        late = late or self._untried_s() > 0
        return LinkWord.STALE if late else LinkWord.LIVE

    def _untried_s(self) -> float:
        """Return the seconds since the last try, if so many that the machine must have slept; else 0."""
        return self._asleep_s(self._tried_at)

    def _unheard_s(self) -> float:
        """Return the same since the last try or, if that is later, the last check that proved a line."""
        return self._asleep_s(max(self._tried_at, self._proven_at))

    def _asleep_s(self, since: float) -> float:
        passed_s = self._clock.elapsed() - since
        return passed_s if passed_s > _SLEPT_S else 0.0
