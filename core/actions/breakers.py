"""Actions on circuit breakers: reset one or all, hold one open, release it."""

from datetime import datetime
from typing import Final

import msgspec

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Result, Shortcut, Tier
from core.domain.plans import Sentence

_KEY: Final = Argument(name="breaker", kind=ArgumentKind.SUBJECT, metavar="[KEY]", longest=200)
_ONE_KEY: Final = msgspec.structs.replace(_KEY, required=True, metavar="KEY")
_REASON: Final = Argument(name="reason", asked=False, longest=200, metavar="TEXT", help="Why; for the audit trail.")

RESET_BREAKER: Final = Action(
    name="reset_breaker",
    tier=Tier.SAFE,
    title="Reset breaker",
    effect="close the breaker, so that calls go out again",
    arguments=(_KEY, _REASON),
    shortcut=Shortcut(
        name="reset", key="r", word="reset", does="breakers: reset one or all, release one, hold one open", drops=3
    ),
)
HOLD_BREAKER: Final = Action(
    name="hold_breaker",
    tier=Tier.CONFIRM,
    title="Hold breaker open",
    effect="keep its calls from going out until it is released, over restarts too",
    verb="Hold open",
    arguments=(
        _ONE_KEY,
        Argument(name="reason", words="reason", required=True, longest=200, metavar="TEXT", help="Why."),
    ),
    shortcut=Shortcut(name="hold", word="hold", does="hold a breaker open (asks for a reason)"),
)
RELEASE_BREAKER: Final = Action(
    name="release_breaker",
    tier=Tier.SAFE,
    title="Release breaker",
    effect="allow the next call as a probe",
    arguments=(_ONE_KEY, _REASON),
    shortcut=Shortcut(name="release", word="release", does="release a held breaker"),
)


STILL_GO_OUT: Final = "Checks, actions and read-backs still go out; what it refuses shows last-known data."
"""What a breaker means for calls, in words."""


class BreakerOperation(LocalOperation[Sentence]):
    """One action on the breaker `breaker`, or on all of them."""

    def __init__(
        self, parts: Dependencies, shown: Sentence | None = None, *, breaker: str = "", reason: str = ""
    ) -> None:
        super().__init__(parts, shown)
        self._key = breaker
        self.reason = clean(reason.strip(), 200)
        self.target = breaker or "all breakers"

    async def plan(self) -> Sentence:
        """Return how it stands."""
        stands = f"{self._key} is {self._parts.holds.state(self._key)}" if self._key else "It concerns all breakers"
        return Sentence(text=f"{stands}. {STILL_GO_OUT}")

    async def change(self, actor: Actor) -> None:
        """Change the breaker. Raises NotKept; KeyError for one that was never used."""
        raise NotImplementedError

    async def act(self, actor: Actor) -> Result:
        """Change the breaker at once. Raises NotKept."""
        try:
            await self.change(actor)
        except KeyError:
            return self.refused(f"there is no breaker {self.target}")
        return self.verified(f"{self.target} {self.done}")


class ResetBreaker(BreakerOperation):
    """Closes one breaker, or all, held or not."""

    action = RESET_BREAKER
    done = "reset"

    async def change(self, actor: Actor) -> None:
        """Close it. Raises NotKept; KeyError for one that was never used."""
        await self._parts.holds.reset(self._key or None, str(actor))


class HoldBreaker(BreakerOperation):
    """Holds one open until it is released, or until `until` (wall time); a restart does not end it."""

    action = HOLD_BREAKER

    def __init__(
        self,
        parts: Dependencies,
        shown: Sentence | None = None,
        *,
        breaker: str = "",
        reason: str = "",
        until: datetime | None = None,
    ) -> None:
        super().__init__(parts, shown, breaker=breaker)
        self._why = clean(reason.strip(), 200)
        self._until = until
        self.done = f"held open: {self._why}"

    async def change(self, actor: Actor) -> None:
        """Hold it. Raises NotKept."""
        await self._parts.holds.hold(self._key, str(actor), self._why, self._until)


class ReleaseBreaker(BreakerOperation):
    """Ends a hold: the next call probes."""

    action = RELEASE_BREAKER
    done = "released"

    async def change(self, actor: Actor) -> None:
        """Release it. Raises NotKept; KeyError for one that was never used."""
        await self._parts.holds.release(self._key, str(actor))
