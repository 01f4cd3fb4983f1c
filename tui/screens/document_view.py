"""One row in full over the whole screen: read again with each refresh, with a choice of what to do with it."""

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from core.domain.snapshot import Snapshot
from core.resilience import NotLive
from core.resilience.fault import Fault
from tui.actions.start import follow
from tui.actions.ui import Ui
from tui.base.error_boundary import unforeseen, within_error_boundary
from tui.base.key import Key, bindings
from tui.lists.served import Document, Served
from tui.panels.reader import Reader
from tui.rendering.text import Line
from tui.screens.keys import LIST_KEYS, ROW_KEYS
from tui.screens.view import View

_KEYS = (
    *(
        Key(name=key.name, key=key.key, action=key.action, word=word, does=does)
        for key in LIST_KEYS
        for name, word, does in (("open", "act", "what can be done with it"), ("back", "back", "back to the list"))
        if key.name == name
    ),
    *ROW_KEYS,
)

_GONE: Final = "it no longer exists"


class DocumentView(View):
    """Shows a task, a log row, an action of the audit trail, or a safety check."""

    OWN_KEYS: ClassVar[tuple[Key, ...]] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)

    def __init__(self, ui: Ui, listed: Served, key: str) -> None:
        super().__init__(ui)
        self.listed = listed
        self._key = key
        self._reader = Reader(*self._style, id="reader")
        self._document: Document | None = None
        self._fault: Fault | None = None
        self._gone = False
        self._read_task: Worker[None] | None = None
        self._renewed: float | None = None

    def body(self) -> Iterable[Widget]:
        """Yield the text."""
        yield self._reader

    @property
    def copied(self) -> str:
        """The row's id."""
        return self._key

    def on_mount(self) -> None:
        """Give the text the focus."""
        self.set_focus(self._reader)

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw what was read last, and whether that is live; read it again when the snapshot is new."""
        self._reader.head = self._head()
        self._reader.put(self._text())
        super().show(snapshot, banner)
        since = snapshot.link.since.timestamp() if snapshot.link.since is not None else 0.0
        due = self._renewed is None or (since != self._renewed and not self.ui.frozen)
        if due and self.is_current and not self._reading:
            self._renewed = since
            self._read_task = self._read()

    def action_back(self) -> None:
        """Go back to the list."""
        self.ui.back()

    def _tell(self, why: str) -> None:
        self.ui.tell(why)

    @work(group="act")
    @within_error_boundary("the chosen action", _tell)
    async def action_open(self) -> None:
        """Let the operator choose what to do with the row."""
        if self._document is None or self.ui.time.moment is not None:
            return
        if self._gone:
            self.ui.tell("no action is possible: this row no longer exists")
            return
        if not self._document.choices:
            self.ui.tell("nothing can be done with this row")
            return
        chosen = await self.ui.choose(self._document.heading, self._document.choices)
        if chosen is not None:
            await follow(self.ui, chosen)

    @work(group="act")
    @within_error_boundary("saving the row", _tell)
    async def action_save(self) -> None:
        """Save the row as the project has it: what is shown of long columns is cut."""
        if self.app.is_web:
            self.ui.tell("rows cannot be saved from the browser: the file would be written on the serving machine")
            return
        try:
            saved = await self.ui.monitor.save_row(self.listed.TABLE, self._key)
        except NotLive as not_live:
            self.ui.tell(f"not saved: {not_live.fault.sentence()}")
        except OSError as error:
            self.ui.tell(f"not saved: {error}")
        else:
            self.ui.tell(f"not saved: {_GONE}" if saved is None else f"saved, {saved[1]:,} bytes: {saved[0]}")

    @property
    def _reading(self) -> bool:
        """True while a read is under way: started again each time, a slow one would never end."""
        return self._read_task is not None and not self._read_task.is_finished

    def _late(self, why: str) -> None:
        self._fault = unforeseen(why)
        self.ui.repaint()

    @work(group="read")
    @within_error_boundary("reading this row", _late)
    async def _read(self) -> None:
        try:
            found = await self.listed.read(self._key)
            self._fault, self._gone = None, found is None
            self._document = found or self._document
        except NotLive as not_live:
            self._fault = not_live.fault
        self.ui.repaint()

    def _head(self) -> Line:
        named = self._document.heading if self._document is not None else f"{self.listed.TITLE}: {self._key}"
        return ((named, "title"), *self._late_line())

    def _late_line(self) -> Line:
        if self._document is None:
            return ()
        if self._fault is not None:
            return ((f"  last known: {self._fault.sentence()}", "warning"),)
        return ((f"  {_GONE}: last known content", "warning"),) if self._gone else ()

    def _text(self) -> tuple[Line, ...]:
        if self._document is not None:
            return self._document.lines
        if self._fault is not None:
            return (((f"cannot be read now: {self._fault.sentence()}", "warning"),),)
        return (((_GONE, "warning"),),) if self._gone else ((("reading …", "dim"),),)
