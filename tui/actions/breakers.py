"""Breakers: reset one or all, release one, hold one open."""

from collections.abc import Sequence

from core.domain.actions import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.resilience import BreakerRecord, BreakerState
from tui.actions.ui import Ui
from tui.dialogs import HoldDialog


async def any_breaker(front: Ui) -> None:
    """Whatever can be done with them, as they stand."""
    if front.allowed(RESET_BREAKER):
        chosen = await front.choose("Which breaker?", breaker_choices(front.monitor.snapshot.breakers))
        await act(front, chosen or "")


async def hold(front: Ui) -> None:
    """Hold one open."""
    if front.allowed(HOLD_BREAKER):
        await act(front, "hold:")


async def release(front: Ui) -> None:
    """Let a held one go."""
    if not front.allowed(RELEASE_BREAKER):
        return
    held = [_choice(one) for one in front.monitor.snapshot.breakers if one.state is BreakerState.HELD]
    if not held:
        front.tell("no breaker is held")
        return
    await act(front, await front.choose("Release which breaker?", held) or "")


async def act(front: Ui, chosen: str) -> None:
    """Carry out `reset:KEY` (all without one), `release:KEY`, `hold:KEY` (asks which without one)."""
    verb, _, key = chosen.partition(":")
    if verb == "reset" and front.allowed(RESET_BREAKER):
        front.tell((await front.monitor.reset_breaker(key or None)).text)
    elif verb == "release" and front.allowed(RELEASE_BREAKER):
        front.tell((await front.monitor.release_breaker(key)).text)
    elif verb == "hold" and front.allowed(HOLD_BREAKER):
        keys = [(record.key, record.key) for record in front.monitor.snapshot.breakers]
        key = key or await front.choose("Hold which breaker open?", keys) or ""
        if key:
            front.ask(HoldDialog(front.monitor, key))


def breaker_choices(records: Sequence[BreakerRecord]) -> list[tuple[str, str]]:
    """What can be done with the breakers, as they stand: those that are not closed first."""
    bad = [record for record in records if record.state is not BreakerState.CLOSED]
    every = [("reset:", "reset all of them")] if len(bad) > 1 else []
    none = "" if bad else "every breaker is closed, nothing to reset; "
    return [*every, *map(_choice, bad), ("hold:", f"{none}hold one open …")]


def choices_of(record: BreakerRecord) -> list[tuple[str, str]]:
    """What can be done with one breaker."""
    undo = [] if record.state is BreakerState.CLOSED else [_choice(record)]
    return undo if record.state is BreakerState.HELD else [*undo, (f"hold:{record.key}", "hold it open …")]


def _choice(record: BreakerRecord) -> tuple[str, str]:
    if record.state is BreakerState.HELD:
        return f"release:{record.key}", f"release {record.key}, held by {record.held_by}: {record.held_why}"
    state = record.state.value.replace("_", "-")
    return f"reset:{record.key}", f"reset {record.key}, {state}: {record.last_error}"
