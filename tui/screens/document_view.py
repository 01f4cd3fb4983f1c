"""One row in full over the whole screen: read anew while it is looked at, with what can be done with it."""

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from core.facts import Fault
from core.resilience import NotLive
from core.snapshot import Snapshot
from tui.front import Front
from tui.keys import LIST_KEYS, Key, bindings
from tui.lists.served import Document, Served
from tui.panels.reader import Reader
from tui.screens.view import View
from tui.text import Line

_KEYS = tuple(
    Key(name=key.name, key=key.key, action=key.action, word=word, does=does)
    for key in LIST_KEYS
    for name, word, does in (("open", "act", "what can be done with it"), ("back", "back", "back to the list"))
    if key.name == name
)


class DocumentView(View):
    """A task, a log row, an order, a safety check."""

    OWN_KEYS: ClassVar[tuple[Key, ...]] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)

    def __init__(self, front: Front, listed: Served, key: str) -> None:
        super().__init__(front)
        self._listed = listed
        self._key = key
        self._reader = Reader(*self._style, id="reader")
        self._document: Document | None = None
        self._fault: Fault | None = None
        self._read = False
        self._renewed = 0.0

    def body(self) -> Iterable[Widget]:
        """Something to read."""
        yield self._reader

    @property
    def copied(self) -> str:
        """The row's id."""
        return self._key

    def on_mount(self) -> None:
        """Read it."""
        self.set_focus(self._reader)

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """What was read last, and whether that is live."""
        self._reader.head = self._head()
        self._reader.put(self._text())
        super().show(snapshot, banner)
        since = snapshot.link.since.timestamp() if snapshot.link.since is not None else 0.0
        due = not self._read or (since != self._renewed and not self.front.frozen)
        if due and self.is_current:
            self._renewed, self._read = since, True
            self._look()

    def action_back(self) -> None:
        """Back to the list."""
        self.front.back()

    @work(group="act")
    async def action_open(self) -> None:
        """Choose what to do with it."""
        if self._document is None or self.front.time.moment is not None:
            return
        if not self._document.choices:
            self.front.tell("nothing can be done with this row")
            return
        chosen = await self.front.choose(self._document.heading, self._document.choices)
        if chosen is not None:
            await self._listed.act(self._key, chosen)

    @work(group="read", exclusive=True)
    async def _look(self) -> None:
        try:
            self._document = await self._listed.read(self._key)
            self._fault = None
        except NotLive as not_live:
            self._fault = not_live.fault
        self.front.repaint()

    def _head(self) -> Line:
        named = self._document.heading if self._document is not None else f"{self._listed.TITLE}: {self._key}"
        late: Line = (
            ()
            if self._fault is None or self._document is None
            else ((f"  last known: {self._fault.sentence()}", "warning"),)
        )
        return ((named, "title"), *late)

    def _text(self) -> tuple[Line, ...]:
        if self._document is not None:
            return self._document.lines
        if self._fault is not None:
            return (((f"cannot be read now: {self._fault.sentence()}", "warning"),),)
        return ((("reading …", "dim"),),)
