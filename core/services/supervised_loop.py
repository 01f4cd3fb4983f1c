"""A supervised loop: it goes on after an error, is restarted when it hangs, and both are reported."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.base.clock import Clock
from core.base.text import short

log = logging.getLogger(__name__)

_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class SupervisedLoop:
    """Runs `turn` again and again. `dead_after_s`: the seconds without a beat after which it is dead (`None`: never).

    `say` is called with a sentence for every failure and every restart.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], Awaitable[None]],
        clock: Clock,
        *,
        say: Callable[[str], None],
        dead_after_s: float | None = None,
    ) -> None:
        self.name = name
        self._turn = turn
        self._clock = clock
        self._say = say
        self._dead_after_s = dead_after_s
        self._beat_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.restarts = 0

    def start(self) -> None:
        """Start the loop, or restart it."""
        self.stop()
        self.beat()
        self._task = asyncio.create_task(self._run(), name=f"watchdesk-{self.name}")

    def stop(self) -> asyncio.Task[None] | None:
        """Stop the loop. Returns the task that is ending, if there is one."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    def beat(self) -> None:
        """Record a sign of life: a turn is over, or long work within one goes on."""
        self._beat_at = self._clock.elapsed()

    @property
    def dead(self) -> bool:
        """Return whether the loop should be running and gave no sign of life for too long."""
        if self._task is None or self._dead_after_s is None:
            return False
        return self._task.done() or self._clock.elapsed() - self._beat_at > self._dead_after_s

    def revive(self) -> None:
        """Restart the loop if it is dead."""
        if self.dead:
            silent_s = self._clock.elapsed() - self._beat_at
            self.restarts += 1
            self._say(f"the {self.name} loop was dead for {short(silent_s)}: restarted")
            self.start()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._turn()
            except Exception as error:  # the edge of a loop: whatever it was, the loop must go on
                failures += 1
                log.exception("the %s loop failed", self.name)
                self._say(f"the {self.name} loop failed ({type(error).__name__}) and goes on; see the log file")
                await self._clock.sleep(min(_LONGEST_PAUSE_S, _PAUSE_S * 2**failures))
            else:
                failures = 0
            self.beat()
