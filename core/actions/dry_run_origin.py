"""Who turned dry-run on, and why: by the audit trail."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from core.actions.repairs.dry_run import TITLE
from core.backend.reads import Reads
from core.backend.timestamps import AHEAD
from core.base.text import clean
from core.domain.actors import By
from core.domain.records import EndedAction

_HEAL, _ON, _OFF = "heal", "dry_run_on", "dry_run_off"
SETS_DRY_RUN: Final = (_HEAL, _ON, _OFF)
"""The actions that may set it."""

_LOOKED_BACK: Final = timedelta(days=1)
_WHY_CHARS: Final = 80


def turned_on_by_heal(one: EndedAction) -> bool:
    """Return whether it is a heal that turned dry-run on."""
    return one.order == _HEAL and bool(one.steps.get(TITLE.lower()))


def last_to_set_it(actions: Iterable[EndedAction]) -> EndedAction | None:
    """Return the newest action that turned dry-run on or off; `None` where none did."""
    found = (one for one in actions if (one.order in {_ON, _OFF} and one.holds) or turned_on_by_heal(one))
    return max(found, key=lambda one: one.at, default=None)


async def heal_in_words(heal: EndedAction, reads: Reads) -> str:
    """Return since when a heal has dry-run on, by whom and why. Raises NotLive."""
    steps = (await reads.audit.plan_of(heal.run)).get("steps")
    told = (one.get("why") for one in steps if isinstance(one, dict)) if isinstance(steps, list) else ()
    why = next((clean(one, _WHY_CHARS) for one in told if isinstance(one, str)), "too many tasks failed")
    who = heal.actor if heal.by == By.OPERATOR else "the watchdog"
    return f"since {heal.at.astimezone():%d %b %H:%M}, by a heal of {who}: {why}"


async def set_by_heal(reads: Reads, now: datetime) -> str:
    """Return since when dry-run is on because of a heal of the last day, and why; empty otherwise. Raises NotLive."""
    ended = await reads.audit.ended(now - _LOOKED_BACK, SETS_DRY_RUN)
    last = last_to_set_it(one for one in ended if one.at <= now + AHEAD)
    return await heal_in_words(last, reads) if last is not None and turned_on_by_heal(last) else ""
