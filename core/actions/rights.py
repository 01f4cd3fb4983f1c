"""Rights: whether an action may run at all, whoever ordered it."""

from typing import Final

from core.actions.read_only import ReadOnlyMode
from core.base.store import NotKept, Store
from core.domain.actions import Action, Result, ResultPhase

OBSERVING: Final = "started with --observe: nothing is written"
ONLY_LOOKS: Final = "this screen is read-only: act in a terminal"


class Rights:
    """Refuses what may not be done. Where this machine's `store` cannot be written only a stop is taken.

    Any other action that is broken off would leave no trace here.
    """

    def __init__(self, read_only: ReadOnlyMode, store: Store) -> None:
        self._read_only = read_only
        self._store = store

    def may(self, action: Action) -> str:
        """Return why the action may not run; empty: it may."""
        if self._read_only.only_looks and action.name != "check_now":
            return ONLY_LOOKS
        if action.writes and self._read_only.forbids():
            return OBSERVING
        if action.writes and not action.hurries and (why := self._store.unwritable):
            return _untraceable(why)
        return ""

    def observes(self) -> bool:
        """Return whether nothing may be written at all."""
        return self._read_only.forbids()

    def may_note(self) -> str:
        """Return why no note may be kept; empty: one may. It is about this machine alone: `--observe` allows it."""
        return ONLY_LOOKS if self._read_only.only_looks else ""

    async def refusal(self, action: Action) -> Result | None:
        """Return the result that refuses the action, once the disk was tried; `None`: it may run."""
        why = self.may(action)
        if not why and action.writes and not action.hurries:
            try:
                await self._store.prove_writable()
            except NotKept as error:
                why = _untraceable(str(error))
        return Result(action=action.name, phase=ResultPhase.REFUSED, text=why) if why else None


def _untraceable(why: str) -> str:
    return f"nothing but an emergency stop is possible: {why}"
