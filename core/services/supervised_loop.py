"""A loop that is watched: ended by an error, or not come round for too long, it is begun anew and that is said."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.base.clock import Clock

log = logging.getLogger(__name__)

_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class SupervisedLoop:
    """Runs `turn` again and again. `dead_after_s`: when one that has not come round counts as dead (`None`: never).

    `say` hears, in words, of every end and every new beginning.
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
        """Begin, or end what runs and begin anew."""
        self.stop()
        self.beat()
        self._task = asyncio.create_task(self._run(), name=f"watchdesk-{self.name}")

    def stop(self) -> asyncio.Task[None] | None:
        """End it. The task that is ending, if there is one."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    def beat(self) -> None:
        """It is alive: a turn is over, or long work within one goes on."""
        self._beat_at = self._clock.elapsed()

    @property
    def dead(self) -> bool:
        """Whether it should be running and has not come round for too long."""
        if self._task is None or self._dead_after_s is None:
            return False
        return self._task.done() or self._clock.elapsed() - self._beat_at > self._dead_after_s

    def revive(self) -> None:
        """Begin it anew if it is dead."""
        if self.dead:
            silent_s = self._clock.elapsed() - self._beat_at
            self.restarts += 1
            self._say(f"the {self.name} loop was dead for {silent_s:.0f} s: restarted")
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
