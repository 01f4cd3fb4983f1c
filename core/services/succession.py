"""Who acts among a service and the screens beside it: the service, whenever there is one.

Whoever has the lock acts, and a screen on the same machine takes over seconds after the service has ended: one that
only reads its settings again is back by then. A service that is started later gets it back, for it outlives every
terminal: once it has run for a while, which keeps one that crashes again and again from being given it each time, a
screen that does nothing just then lets go of the lock and the lease.
Where the service does not take them within a minute, the screen takes them back, and lets go for that service no more.
Of two screens, as of two services, who came first goes on.
"""

from datetime import timedelta
from typing import Final

from core.actions.lease import Lease
from core.actions.running import RunningActions
from core.domain.monitor_process import MonitorProcess
from core.services.context import Context
from core.services.monitor_processes import MonitorProcesses
from core.services.ownership import Ownership

_LOOK_S: Final = 1.0
_STEADY: Final = timedelta(seconds=10)
"""A service that has run so long is one that lasts."""
_TAKES_S: Final = 60.0
_GONE_S: Final = 3.0
"""The seconds after which a service that ended is not about to be back."""


class Succession:
    """Knows the service that acts here beside this screen, and lets one act."""

    def __init__(
        self,
        context: Context,
        processes: MonitorProcesses,
        ownership: Ownership,
        lease: Lease,
        running: RunningActions,
    ) -> None:
        self._clock, self._events = context.clock, context.events
        self._processes = processes
        self._ownership = ownership
        self._lease = lease
        self._running = running
        self._screen = not context.config.unattended
        self._looks_on = context.config.observe or context.config.only_looks
        self._looked: float | None = None
        self._heir: tuple[str, float] | None = None
        """The service that is let act, and since when it may."""
        self._failed: set[str] = set()
        """Services that were let act, and did not."""
        self._last: tuple[int, float] | None = None
        """The process id of the service that acted last, and when that was last seen."""
        self.service: MonitorProcess | None = None
        """The service that acts, as it told of itself last; `None` for a service itself."""

    async def look(self) -> bool:
        """See who runs here, at most every second. Return whether this process is to take over now. Never raises."""
        now = self._clock.elapsed()
        if self._screen and (self._looked is None or now - self._looked >= _LOOK_S):
            self._looked = now
            services = [one for one in await self._processes.running() if one.service and one.may_act]
            self.service = next((one for one in services if one.acts), None)
            self._expect({one.id for one in services})
            if self._ownership.mine and not self._running.words():
                await self._let_act(services)
            self._say(now)
            self._ownership.gives_way = self._heir is not None or self._last is not None
        return self._ownership.vacant()

    def alive(self) -> MonitorProcess | None:
        """Return the service that acts, if it still runs at this very moment."""
        return self.service if self.service is not None and self._processes.alive(self.service) else None

    def _say(self, now: float) -> None:
        """Tell that a service acts, and that it did; while it may be back nothing."""
        if self.service is not None:
            if self._last is None or self._last[0] != self.service.pid:
                self._events.say("watchdesk", f"the service, pid {self.service.pid}, acts here")
            self._last = (self.service.pid, now)
        elif self._last is not None and now - self._last[1] >= _GONE_S:
            ours = not (self._ownership.anothers() or self._looks_on)
            follows = ": this screen takes over" if ours else ""
            self._events.say("watchdesk", f"the service, pid {self._last[0]}, has ended{follows}")
            self._last = None

    def _expect(self, there: set[str]) -> None:
        """Stop giving way to a service that is gone, or does not take what was left to it."""
        if self._heir is None:
            return
        name, since = self._heir
        if name in there and self.service is not None:
            self._heir = (name, self._clock.elapsed())
            return
        late = self._clock.elapsed() - since >= _TAKES_S
        if name not in there or late:
            self._failed |= {name} if late else set()
            self._heir = None

    async def _let_act(self, services: list[MonitorProcess]) -> None:
        steady = self._clock.now() - _STEADY
        heir = next((one for one in services if one.started_at <= steady and one.id not in self._failed), None)
        if heir is None:
            return
        self._heir = (heir.id, self._clock.elapsed())
        self._ownership.give_way()
        self._events.say("watchdesk", f"the service, pid {heir.pid}, runs: this screen lets it act")
        await self._lease.release()
