"""Alert state on this machine's disk: all of one evaluation in one transaction."""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from core.alerting.outbox import OutgoingMessage, keep
from core.alerting.sync import MOST_WINDOWS, LogRow, zoned
from core.base.store import NotKept, Store, Transaction
from core.domain.alerts import Ack, Alert, Silence

T = TypeVar("T", bound=msgspec.Struct)

_ALERT: Final = "alert"
_ACK: Final = "ack"
_SILENCE: Final = "silence"
_ROW: Final = "alert_row"
_CLOCK: Final = "alert_clock"
_WINDOWS: Final = "maintenance"
"""The kind of silences with windows, where a version that knows none neither finds nor forgets them."""
_KEPT: Final = timedelta(days=7)
_ENDED_KEPT: Final = timedelta(days=90)
"""For so long it is known that a silence with windows was ended: a monitor that was away may not know."""


class Evaluated(msgspec.Struct, frozen=True):
    """The time of the last evaluation here."""

    at: datetime


class AlertStore:
    """Alerts, acknowledgements, silences, and rows on their way to the project's log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._alerts: Mapping[str, Alert] = {}
        self.acks: tuple[Ack, ...] = ()
        self.silences: tuple[Silence, ...] = ()
        self.rows: tuple[LogRow, ...] = ()

    async def alerts(self) -> Mapping[str, Alert]:
        """Return the alerts as the last evaluation left them."""
        return {key: _zoned(alert) for key, alert in (await self._store.all(_ALERT, Alert)).items()}

    async def evaluated_at(self) -> datetime | None:
        """Return the time of the last evaluation."""
        found = await self._store.get(_CLOCK, "last", Evaluated)
        return None if found is None else zoned(found.at)

    async def load(self) -> None:
        """Read what any process of ours has stored."""
        self.acks = tuple(map(_zoned, (await self._store.all(_ACK, Ack)).values()))
        silences = await self._store.all(_SILENCE, Silence) | await self._store.all(_WINDOWS, Silence)
        self.silences = tuple(map(_zoned, silences.values()))
        known = {row.id: row for row in self.rows} | await self._store.all(_ROW, LogRow)
        self.rows = tuple(sorted(known.values(), key=lambda row: row.at))

    async def evaluated(
        self, alerts: Mapping[str, Alert], messages: Iterable[OutgoingMessage], rows: Iterable[LogRow], now: datetime
    ) -> None:
        """Store the result of an evaluation. What cannot be stored is sent all the same."""
        messages, rows = tuple(messages), tuple(rows)
        changed = {key: alert for key, alert in alerts.items() if self._alerts.get(key) != alert}
        self._alerts = dict(alerts)
        self.rows = (*self.rows, *rows)

        def work(transaction: Transaction) -> None:
            transaction.put(_CLOCK, "last", Evaluated(now))
            for key, alert in changed.items():
                transaction.put(_ALERT, key, alert)
            for row in rows:
                transaction.put(_ROW, row.id, row)
            keep(transaction, messages)

        try:
            await self._store.change(work)
        except NotKept:
            self._alerts = {}  # all of it again, as soon as it can be kept

    async def heard(self, acks: Iterable[Ack], silences: Iterable[Silence], now: datetime) -> tuple[Silence, ...]:
        """Store what other monitors reported, and delete what is over.

        Returns the silences of which another monitor said that they still hold, although they were ended.
        """
        known = {ack.id for ack in self.acks}
        new_acks = [ack for ack in acks if ack.id not in known and now - ack.at < _KEPT]
        ours = {silence.id: silence for silence in self.silences}
        theirs = tuple(silences)
        merged = [ours[one.id].with_word(one) if one.id in ours else one for one in theirs]
        room = max(0, MOST_WINDOWS - sum(one.window is not None for one in self.silences))
        unknown = [one.id for one in merged if one.window is not None and one.id not in ours]
        left_out = frozenset(unknown[room:])
        new_silences = [
            one for one in merged if one != ours.get(one.id) and not _forgotten(one, now) and one.id not in left_out
        ]
        old_acks = [ack for ack in self.acks if now - ack.at >= _KEPT]
        old_silences = [one for one in self.silences if _forgotten(one, now)]
        denied = tuple(ours[one.id] for one in theirs if one.id in ours and ours[one.id].ended_at and not one.ended_at)
        if not (new_acks or new_silences or old_acks or old_silences):
            return denied

        def work(transaction: Transaction) -> None:
            for ack in new_acks:
                transaction.put(_ACK, ack.id, ack)
            for silence in new_silences:
                transaction.put(_kind(silence), silence.id, silence)
            for gone in old_acks:
                transaction.remove(_ACK, gone.id)
            for ended in old_silences:
                transaction.remove(_kind(ended), ended.id)

        try:
            await self._store.change(work)
        except NotKept:
            self.acks = (*self.acks, *new_acks)
            self.silences = tuple((ours | {one.id: one for one in new_silences}).values())
        else:
            await self.load()
        return denied

    async def put(self, about: Ack | Silence, row: LogRow) -> None:
        """Store an operator's acknowledgement or silence, and the row that tells others. Raises NotKept."""
        kind = _ACK if isinstance(about, Ack) else _kind(about)

        def work(transaction: Transaction) -> None:
            transaction.put(kind, about.id, about)
            transaction.put(_ROW, row.id, row)

        await self._store.change(work)
        await self.load()

    async def add(self, rows: Iterable[LogRow]) -> None:
        """Store rows on their way to the project's log. What cannot be stored is written all the same."""
        added = tuple(rows)
        self.rows = (*self.rows, *added)

        def work(transaction: Transaction) -> None:
            for row in added:
                transaction.put(_ROW, row.id, row)

        with contextlib.suppress(NotKept):
            await self._store.change(work)

    async def written(self, row: LogRow) -> None:
        """Delete a row that has arrived in the project's log, or never will."""
        self.rows = tuple(one for one in self.rows if one.id != row.id)
        try:
            await self._store.remove(_ROW, row.id)
        except NotKept:
            return  # written again at the next start, under the same id


def _kind(silence: Silence) -> str:
    return _SILENCE if silence.window is None else _WINDOWS


def _forgotten(silence: Silence, now: datetime) -> bool:
    """Return whether nothing of a silence need be known any more."""
    if silence.window is not None and silence.ended_at is not None:
        return now - silence.ended_at >= _ENDED_KEPT
    return silence.last is not None and now - silence.last >= _KEPT


def _zoned(record: T) -> T:
    """Return a record whose times all have a zone: an earlier version stored those of others as they came."""
    times = {name: getattr(record, name) for name in record.__struct_fields__}
    naive = {name: zoned(at) for name, at in times.items() if isinstance(at, datetime) and at.tzinfo is None}
    return msgspec.structs.replace(record, **naive) if naive else record
