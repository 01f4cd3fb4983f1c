"""The monitor of this process: a tick that measures its own lateness, and regular measures of memory."""

import asyncio
import mmap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from core.base.text import short
from core.domain.self_status import SelfStatus
from core.domain.status import Level
from core.services.connection import ConnectionState
from core.services.context import Context
from core.services.self_limits import Bound, Lags, coarse_mb, coarse_ms

_MB: Final = 2**20
_STATM: Final = Path("/proc/self/statm")


class SelfMonitor:
    """Measures this process. `publish` is called when the status changed."""

    def __init__(self, context: Context, connection: ConnectionState, publish: Callable[[], None]) -> None:
        self._context = context
        self._connection = connection
        self._rules = context.config.self_monitoring
        self._publish = publish
        self._lags = Lags(self._rules)
        self._period_s = context.config.refresh.period_s
        self._bounds = {
            "memory": Bound(self._rules.memory_mb, self._rules),
            "lag": Bound(self._rules.lag_ms, self._rules),
            "refresh": Bound(self._period_s, self._rules),
        }
        self._said: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._resident: Callable[[], float] | None = None
        self.own = SelfStatus()
        """The status as last measured."""

    def start(self) -> None:
        """Start to tick."""
        loop = asyncio.get_running_loop()
        self.stop()
        self._timer = loop.call_later(self._rules.tick_s, self._tick, loop, loop.time(), self._context.clock.elapsed())

    def stop(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def turn(self) -> None:
        """Wait one period, then measure."""
        await self._context.clock.sleep(self._rules.measure_s)
        if self._resident is None:
            self._resident = await asyncio.to_thread(resident)
        recent = self._connection.link(None).recent[-2:]
        took = [one for one in recent if one is not None]
        self.measured(
            memory_mb=self._resident() / _MB,
            lag_ms=self._lags.p99_ms(),
            refresh_s=min(took) if len(took) == 2 else None,
        )

    def measured(self, *, memory_mb: float, lag_ms: float | None, refresh_s: float | None) -> None:
        """Judge figures, and add events for limits exceeded or kept again. `refresh_s`: the shorter of the last two."""
        now_s = self._context.clock.elapsed()
        told = {
            "memory": (memory_mb, self._of_memory(memory_mb)),
            "lag": (lag_ms, _of_lag(lag_ms or 0.0)),
            "refresh": (refresh_s, self._of_refresh(refresh_s or 0.0)),
        }
        changed = False
        for name, (value, words) in told.items():
            bound = self._bounds[name]
            if bound.see(value, now_s):
                changed = True
                self._say(name, words, out=bound.out)
        out = tuple(words for name, words in self._said.items() if self._bounds[name].told(now_s))
        changed = changed or out != self.own.out
        self.own = SelfStatus(
            memory_mb=coarse_mb(memory_mb), lag_ms=None if lag_ms is None else coarse_ms(lag_ms), out=out
        )
        if changed:
            self._publish()

    def _of_memory(self, memory_mb: float) -> str:
        limit = f"{self._rules.memory_mb:.0f} MB"
        return (
            f"this monitor uses {coarse_mb(memory_mb)} MB of memory, more than {limit}: quit (q) and restart watchdesk"
        )

    def _of_refresh(self, refresh_s: float) -> str:
        period = short(self._period_s)
        return (
            f"monitor slow: a refresh takes {short(refresh_s)}, longer than its period of {period}: increase [refresh]"
            " period_s"
        )

    def _say(self, name: str, words: str, *, out: bool) -> None:
        if out:
            self._said[name] = words
            self._context.events.say("watchdesk", self._said[name], Level.WARNING)
        else:
            del self._said[name]
            self._context.events.say("watchdesk", f"this monitor's {name} is within its limits again")

    def _tick(self, loop: asyncio.AbstractEventLoop, ran_at: float, elapsed_at: float) -> None:
        now, elapsed = loop.time(), self._context.clock.elapsed()
        self._timer = loop.call_later(self._rules.tick_s, self._tick, loop, now, elapsed)
        stood_s = elapsed - elapsed_at - self._rules.tick_s
        if stood_s < self._rules.still_s:
            self._lags.note(now - ran_at - self._rules.tick_s)
            return
        slept = stood_s - (now - ran_at) > self._rules.still_s  # the loop's clock stops while the machine sleeps
        why = "the machine slept" if slept else "the process was suspended or blocked"
        until = self._context.clock.now()
        span = f"{(until - timedelta(seconds=stood_s)).astimezone():%H:%M:%S} to {until.astimezone():%H:%M:%S}"
        text = (
            f"this monitor was not running for {short(stood_s)}, from {span}: {why}; nothing was recorded in that time"
        )
        self._context.events.say("watchdesk", text, Level.WARNING)
        self._publish()


def _of_lag(lag_ms: float) -> str:
    return (
        f"monitor slow: its event loop lags up to {coarse_ms(lag_ms)} ms: check what else is using this machine's CPU"
        " (top)"
    )


def resident() -> Callable[[], float]:
    """Return a function that reads this process's resident memory, bytes."""
    if _STATM.exists():
        return lambda: float(int(_STATM.read_bytes().split()[1]) * mmap.PAGESIZE)
    return elsewhere_resident()


def elsewhere_resident() -> Callable[[], float]:
    """Return the same for platforms without `/proc`; the import takes 20 ms and 1 MB."""
    import psutil  # noqa: PLC0415 - see above

    process = psutil.Process()
    return lambda: float(process.memory_info().rss)
