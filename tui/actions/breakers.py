"""Breakers: reset one or all, release one, hold one open."""

from collections.abc import Sequence

from core.domain.actions import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.resilience import BreakerRecord, BreakerState
from tui.actions.choice import Choice, Choices, Verb
from tui.actions.ui import Ui
from tui.dialogs import HoldDialog


async def any_breaker(front: Ui) -> None:
    """Whatever can be done with them, as they stand."""
    if front.allowed(RESET_BREAKER):
        chosen = await front.choose("Which breaker?", breaker_choices(front.monitor.snapshot.breakers))
        if chosen is not None:
            await act(front, chosen)


async def hold(front: Ui) -> None:
    """Hold one open."""
    if front.allowed(HOLD_BREAKER):
        await act(front, Choice(Verb.HOLD))


async def release(front: Ui) -> None:
    """Let a held one go."""
    if not front.allowed(RELEASE_BREAKER):
        return
    held = [_choice(one) for one in front.monitor.snapshot.breakers if one.state is BreakerState.HELD]
    if not held:
        front.tell("no breaker is held")
        return
    chosen = await front.choose("Release which breaker?", held)
    if chosen is not None:
        await act(front, chosen)


async def act(front: Ui, chosen: Choice) -> None:
    """Reset a breaker, all of them without a key; release one; hold one, and ask which without a key."""
    match chosen.verb:
        case Verb.RESET if front.allowed(RESET_BREAKER):
            front.tell((await front.monitor.reset_breaker(chosen.of or None)).text)
        case Verb.RELEASE if front.allowed(RELEASE_BREAKER):
            front.tell((await front.monitor.release_breaker(chosen.of)).text)
        case Verb.HOLD if front.allowed(HOLD_BREAKER):
            keys = [(record.key, record.key) for record in front.monitor.snapshot.breakers]
            if key := chosen.of or await front.choose("Hold which breaker open?", keys):
                front.ask(HoldDialog(front.monitor, key))


def breaker_choices(records: Sequence[BreakerRecord]) -> Choices:
    """Return the choices about all breakers: those that are not closed first."""
    bad = [record for record in records if record.state is not BreakerState.CLOSED]
    every = [(Choice(Verb.RESET), "reset all of them")] if len(bad) > 1 else []
    none = "" if bad else "every breaker is closed, nothing to reset; "
    return (*every, *map(_choice, bad), (Choice(Verb.HOLD), f"{none}hold one open …"))


def choices_of(record: BreakerRecord) -> Choices:
    """Return the choices about one breaker."""
    undo = () if record.state is BreakerState.CLOSED else (_choice(record),)
    hold_it = (Choice(Verb.HOLD, record.key), "hold it open …")
    return undo if record.state is BreakerState.HELD else (*undo, hold_it)


def _choice(record: BreakerRecord) -> tuple[Choice, str]:
    if record.state is BreakerState.HELD:
        words = f"release {record.key}, held by {record.held_by}: {record.held_why}"
        return Choice(Verb.RELEASE, record.key), words
    state = record.state.value.replace("_", "-")
    return Choice(Verb.RESET, record.key), f"reset {record.key}, {state}: {record.last_error}"
