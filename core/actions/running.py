"""The actions that are running. Ending the program now leaves them half done."""

import contextlib
from collections.abc import Iterator

from core.actions.context import Actor
from core.domain.actions import Action, label
from core.domain.actors import By


class RunningActions:
    """Lists actions while they are carried out, or wait for their turn."""

    def __init__(self) -> None:
        self._orders: dict[object, str] = {}

    @contextlib.contextmanager
    def counted(self, order: Action, actor: Actor) -> Iterator[None]:
        """Return a `with` block during which the action is listed, however it ends."""
        mark = object()
        self._orders[mark] = label(order.name) + ("" if actor.by == By.OPERATOR else f" by the {actor.by}")
        try:
            yield
        finally:
            del self._orders[mark]

    def words(self) -> tuple[str, ...]:
        """Return each of them in words, the oldest first: `heal`, `emergency stop by the watchdog`."""
        return tuple(self._orders.values())
