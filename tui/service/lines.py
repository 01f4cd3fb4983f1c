"""JSON lines on stdout, one for whatever happens: what the journal of a service keeps."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from core.domain.events import Event
from core.domain.project_row import ProjectRow, row_of
from core.domain.snapshot import Snapshot
from tui.service.restarts import ALIVE_EVERY_S

ROW: Final = "row"
"""The event of a line that tells how the project is; only who looks after several projects gets it."""

_MOST_WAITING: Final = 5_000
_FLUSH_S: Final = 0.5


class Lines:
    """Writes records as JSON lines from a thread: who reads slowly, or not at all, never holds up the watching.

    Of more than 5,000 lines that wait the oldest are dropped, and their number is told.
    """

    def __init__(self, out: int) -> None:
        """Write to a file descriptor, past any buffer that would be flushed, and could block, at the very end."""
        self._out = out
        self._waiting: deque[dict[str, Any]] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._write_all, name="watchdesk-lines", daemon=True)
        self._thread.start()

    def put(self, event: str, at: datetime, **fields: Any) -> None:
        """Add one line; empty fields are left out."""
        told = {name: value for name, value in fields.items() if value not in ("", None)}
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append({"at": at, "event": event, **told})
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, for half a second at most."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(_FLUSH_S)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._over)
                records, dropped = tuple(self._waiting), self._dropped
                self._waiting.clear()
                self._dropped = 0
                if not records and self._over:
                    return
            lost = [{"event": "dropped", "lines": dropped}] if dropped else []
            self._write(b"".join(msgspec.json.encode(one) + b"\n" for one in (*lost, *records)))

    def _write(self, text: bytes) -> None:
        try:
            while text:
                text = text[os.write(self._out, text) :]
        except OSError:
            pass  # nobody reads any more: the watching goes on


class Changes:
    """Tells of each snapshot what is new in it: the state, the link, notices, and the events after `since`."""

    def __init__(self, put: Callable[..., None], since: datetime) -> None:
        self._put = put
        self._since = since
        self._last: tuple[str, ...] = ()
        self._notices: tuple[str, ...] = ()
        self._seen: frozenset[Event] = frozenset()

    def offer(self, snapshot: Snapshot) -> None:
        """Take in a published snapshot."""
        for event in reversed(tuple(self._fresh(snapshot.events))):
            self._put(
                _kind(event),
                event.at,
                level=event.level,
                who=event.who,
                text=event.text,
                run=event.run,
                project=snapshot.project.name,
            )
        for notice in snapshot.notices:
            if notice not in self._notices:
                self._put("notice", snapshot.at, level="warning", text=notice, project=snapshot.project.name)
        self._notices = snapshot.notices
        now = (snapshot.state.value, snapshot.link.word.value)
        if now != self._last:
            self._last = now
            self._put(
                "state",
                snapshot.at,
                state=snapshot.state.value,
                why=snapshot.state_why,
                link=snapshot.link.word.value,
                link_why=snapshot.link.why,
                project=snapshot.project.name,
            )

    def _fresh(self, events: Iterable[Event]) -> Iterable[Event]:
        seen, self._seen = self._seen, frozenset(events)
        return [event for event in events if event not in seen and event.at >= self._since]


def _kind(event: Event) -> str:
    """Return the kind of an event: that of its record, `log` for a row of the project's log, else `remark`."""
    if event.what is not None:
        return str(type(event.what).__struct_config__.tag)
    return "log" if event.row else "remark"


class Rows:
    """Tells how the project is, as one row: whenever that changed, and else as a sign of life.

    `measures`: what comes along with it, as a text.
    """

    def __init__(self, put: Callable[..., None], project: str, measures: Callable[[Snapshot], str] | None) -> None:
        self._put = put
        self._project = project
        self._measures = measures
        self._row: ProjectRow | None = None
        self._told_s = 0.0

    def offer(self, snapshot: Snapshot) -> None:
        """Take in the newest snapshot, on the event loop: who hears of it knows that the loop turns."""
        row = row_of(snapshot, self._project)
        changed = self._row is None or msgspec.structs.replace(self._row, at=row.at) != row
        if changed or time.monotonic() - self._told_s >= ALIVE_EVERY_S:
            self._row, self._told_s = row, time.monotonic()
            self._put(ROW, snapshot.at, row=row, metrics=self._measures(snapshot) if self._measures else None)
