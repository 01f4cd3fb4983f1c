"""The actions that are running. Ending the program now leaves them half done."""

import contextlib
from collections.abc import Iterator

from core.actions.context import Actor
from core.domain.actions import Action, label
from core.domain.actors import By


class RunningActions:
    """Lists actions while they are carried out, or wait for their turn."""

    def __init__(self) -> None:
        self._actions: dict[object, str] = {}

    @contextlib.contextmanager
    def counted(self, order: Action, actor: Actor) -> Iterator[None]:
        """Return a `with` block during which the action is listed, however it ends."""
        mark = object()
        self._actions[mark] = label(order.name) + ("" if actor.by == By.OPERATOR else f" by the {actor.by}")
        try:
            yield
        finally:
            del self._actions[mark]

    def words(self) -> tuple[str, ...]:
        """Return each of them in words, the oldest first: `heal`, `emergency stop by the watchdog`."""
        return tuple(self._actions.values())
