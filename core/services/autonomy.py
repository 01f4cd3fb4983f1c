"""The permission to act without a person, as things stand, and the name it is done in."""

from collections.abc import Callable

from core.actions.context import Actor
from core.actions.lease import Lease
from core.domain.permission import MayAct, may_act
from core.domain.status import Level
from core.services.context import Context
from core.services.readings import Readings


class Autonomy:
    """Knows whether this monitor may act by itself. `owner`: whether this process is the one here that may at all."""

    def __init__(
        self, context: Context, *, readings: Readings, lease: Lease, actor: Actor, owner: Callable[[], bool]
    ) -> None:
        self._context = context
        self._readings = readings
        self._lease = lease
        self.owner = owner
        self.actor = actor
        self.braked = ""
        """Why so much is stuck that a person should look first; empty while it is not."""
        self._said = ""

    def permission(self) -> MayAct:
        """Return whether it may act by itself, and what is missing."""
        config = self._context.config
        return may_act(
            autonomous=config.autonomous,
            dry_run=config.dry_run,
            observing=config.observe,
            lease=self.owner() and self._lease.valid(),
            stopped=self.stopped(),
            braked=bool(self.braked),
        )

    def leads(self) -> bool:
        """Return whether this monitor holds the project's lease."""
        return self._lease.valid()

    def stopped(self) -> bool | None:
        """Return whether an emergency stop is set; `None` while that is not known live."""
        config = self._readings.config
        return config.value.emergency_stop if config.live and config.value is not None else None

    def say(self, text: str, level: Level = Level.WARNING, *, run: str = "") -> None:
        """Add an event in this monitor's name. `run`: the action it is about, if it is about one."""
        self._context.events.say(str(self.actor), text, level, run=run)

    def say_once(self, text: str) -> str:
        """Add an event unless it was the last one said so. Returns the text."""
        if text != self._said:
            self._said = text
            self.say(text)
        return text

    def forget_said(self) -> None:
        """Say the next sentence even if it was said last."""
        self._said = ""
