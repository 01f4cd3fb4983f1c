"""The silences of a monitor: by which one nobody is told of an alert, and what keeps the others' knowledge of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.actions.context import Actor
from core.alerting.silences import in_snapshot, silenced
from core.alerting.store import AlertStore
from core.alerting.sync import LISTENED, MOST_WINDOWS, ORDERS, Heard, LogRow, ended_again, said_again
from core.domain.alerts import Alert, Silence
from core.domain.maintenance import WeeklyWindow
from core.services.context import Context

_LONGEST_AWAY: Final = timedelta(days=90)
"""A monitor that was away reads back what it missed, but no more than this."""


class Silencing:
    """Silences by the project's likely time, so that monitors whose clocks differ begin and end a window alike."""

    def __init__(self, context: Context, store: AlertStore, actor: Actor) -> None:
        self._context = context
        self._store = store
        self._actor = actor
        self._said: set[str] = set()
        self._missed: timedelta | None = None

    def restored(self, away_s: float) -> None:
        """Take into account for how many seconds this monitor was away."""
        away = timedelta(seconds=away_s)
        windows = any(one.window is not None for one in self._store.silences)
        self._missed = min(away, _LONGEST_AWAY) if windows and away > LISTENED else None

    async def missed(self, now: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return rows about silences older than those that are read back at first: one kept here may be ended there.

        Only once after a monitor was away for so long. Raises NotLive.
        """
        if self._missed is None:
            return ()
        rows = await self._context.reads.logs.alert_rows(now - self._missed, ORDERS)
        self._missed = None
        return tuple(row for row in rows if row.get("order"))

    def shown(self) -> tuple[tuple[Silence, ...], tuple[Silence, ...]]:
        """Return those that hold now, and those to come."""
        return in_snapshot(self._store.silences, self._context.time.likely())

    def holding(self) -> tuple[Silence, ...]:
        """Return those that hold now."""
        now = self._context.time.likely()
        return tuple(one for one in self._store.silences if one.holds(now))

    def muted(self, alert: Alert, silences: Iterable[Silence]) -> str:
        """Return by which of some silences nobody is told of an alert, in words; empty: by none."""
        if (found := silenced(alert, silences, self._context.time.likely())) is None:
            return ""
        silence, period = found
        window = f" ({silence.window.words})" if isinstance(silence.window, WeeklyWindow) else ""
        return f"silenced until {period.until:%Y-%m-%d %H:%M} UTC{window} by {silence.who}"

    async def heard(self, found: Heard, now: datetime) -> None:
        """Keep what others told of acknowledgements and silences, and tell what they may not know."""
        denied = await self._store.heard(found.acks, found.silences, now)
        if self._context.config.observe:
            return
        who, host = str(self._actor), self._actor.host
        rows: list[LogRow] = [ended_again(one, now, who=who, host=host) for one in denied if one.window is not None]
        rows += filter(None, (said_again(one, now, who=who, host=host) for one in self._store.silences))
        if new := [row for row in rows if row.id not in self._said]:
            self._said |= {row.id for row in new}
            here = self._context.clock.now()
            await self._store.add(msgspec.structs.replace(row, at=here) for row in new)

    def overheard(self, found: Heard) -> None:
        """Take into account what others told, without keeping it."""
        known = {ack.id for ack in self._store.acks}
        self._store.acks = (*self._store.acks, *(ack for ack in found.acks if ack.id not in known))
        ours = {one.id: one for one in self._store.silences}
        told = {one.id: ours.get(one.id, one).with_word(one) for one in found.silences[:MOST_WINDOWS]}
        self._store.silences = tuple((ours | told).values())
