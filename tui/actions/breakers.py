"""Choices about breakers: reset one or all, release one, hold one open."""

from collections.abc import Sequence

from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.domain.snapshot import Snapshot
from core.resilience import BreakerRecord, BreakerState
from tui.actions.choice import Choice, Choices, Go


def known(snapshot: Snapshot) -> tuple[BreakerRecord, ...]:
    """Return the breakers that can be acted on, by key: the service's one where that alone is not closed."""
    told = {one.key: one for one in snapshot.service.breakers} if snapshot.service is not None else {}
    own = [told.pop(one.key, one) if one.state is BreakerState.CLOSED else one for one in snapshot.breakers]
    return (*own, *(one for key, one in told.items() if all(key != mine.key for mine in own)))


def breaker_choices(records: Sequence[BreakerRecord]) -> Choices:
    """Return the choices about all breakers: those that are not closed first."""
    bad = [record for record in records if record.state is not BreakerState.CLOSED]
    every = [(Choice(RESET_BREAKER), "reset all of them")] if len(bad) > 1 else []
    none = "" if bad else "every breaker is closed, nothing to reset; "
    return (*every, *map(_choice, bad), (Choice(Go.KEY, "hold"), f"{none}hold one open …"))


def hold_choices(records: Sequence[BreakerRecord]) -> Choices:
    """Return every breaker, to be held open."""
    return tuple((Choice(HOLD_BREAKER, record.key), record.key) for record in records)


def release_choices(records: Sequence[BreakerRecord]) -> Choices:
    """Return the breakers that are held."""
    return tuple(_choice(record) for record in records if record.state is BreakerState.HELD)


def choices_of(record: BreakerRecord) -> Choices:
    """Return the choices about one breaker."""
    undo = () if record.state is BreakerState.CLOSED else (_choice(record),)
    hold_it = (Choice(HOLD_BREAKER, record.key), "hold it open …")
    return undo if record.state is BreakerState.HELD else (*undo, hold_it)


def _choice(record: BreakerRecord) -> tuple[Choice, str]:
    if record.state is BreakerState.HELD:
        words = f"release {record.key}, held by {record.held_by}: {record.held_why}"
        return Choice(RELEASE_BREAKER, record.key), words
    state = record.state.value.replace("_", "-")
    return Choice(RESET_BREAKER, record.key), f"reset {record.key}, {state}: {record.last_error}"
