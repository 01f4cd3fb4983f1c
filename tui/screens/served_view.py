"""The view of a list on the server: read page by page, sorted and filtered there, and read again with each refresh."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
from textual import work
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from core.actions.safety_check import NO_SETTINGS
from core.backend.schema import Shape
from core.domain.filter_completion import Completion, completions
from core.domain.queries import OWN_SORT, SORT_COLUMNS, FilterError, Listing, Page, parse_filter, unknown_status
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.sorting import SORTED_HERE, Sort
from core.domain.status import NOT_VISIBLE
from core.domain.task_groups import GroupBy
from core.resilience import NotLive
from core.resilience.fault import Fault
from tui.actions.start import start
from tui.actions.tasks import all_that_match, retry
from tui.actions.ui import Ui
from tui.base.error_boundary import unforeseen, within_error_boundary
from tui.base.key import Key, bindings
from tui.lists.groups import GroupList
from tui.lists.served import Served
from tui.panels.preview import Preview
from tui.panels.row_list import Row, RowList
from tui.rendering.text import Line, ago, oldness
from tui.screens.document_view import DocumentView
from tui.screens.groups_view import GroupsView
from tui.screens.keys import LIST_KEYS
from tui.screens.list_view import ListView
from tui.screens.window import PAGE, RowWindow
from tui.time_travel.recorded import Moment

_MARGIN = 10
"""Rows above and below the visible ones that are read again with them."""

_SORTED_ANEW = timedelta(seconds=60)
"""How often rows that are sorted here are read again: each time it is all of them."""

_PREVIEWED = 16
"""The lines of a view from which on there is room below the rows."""


class ServedView(ListView):
    """Shows rows as they arrive; until then, and while none can be read, the last known ones, dimmed."""

    KEPT = False
    OWN_KEYS: ClassVar[tuple[Key, ...]] = LIST_KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(key for key in LIST_KEYS if key.name not in {"open", "back"})
    listed: Served

    def __init__(self, ui: Ui, listed: Served, filter_text: str = "") -> None:
        super().__init__(ui, listed, filter_text)
        table = listed.TABLE
        self.preview = Preview(*self._style, id="preview")
        self.preview.display = False
        self._listing = Listing(table=table, filter=parse_filter(filter_text, table), sort=OWN_SORT[table])
        self._window = RowWindow()
        self._total: tuple[int, bool] | None = None
        self._fault: Fault | None = None
        self._reading = True
        self._read_at: Any = None
        self._follows = True
        self._renewed = 0.0
        self._extending: Worker[None] | None = None
        self._renewing: Worker[None] | None = None

    def body(self) -> Iterable[Widget]:
        """Yield the list, what is to be known of its row, and the filter below."""
        rows, *below = super().body()
        yield rows
        if self.listed.PREVIEWED:
            yield self.preview
        yield from below

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys, without those that this list does not support."""
        lacking = {"retry"} if not self.listed.RETRIES else set()
        lacking |= {"many"} if not self.listed.MANY else set()
        settings = self.listed.SWITCHED and self.ui.shown.project.shape != Shape.DEPLOYED
        lacking |= {"switch"} if not settings else set()
        lacking |= {"group"} if not self.listed.GROUPED else set()
        kept = [key for key in super().keys if key.name not in lacking]
        acts = {action.name for action in self.listed.ACTS}
        first = [msgspec.structs.replace(key, drops=0) for key in kept if key.order in acts]
        return (*kept[:1], *first, *(key for key in kept[1:] if key.order not in acts))

    @property
    def rows(self) -> Sequence[Any]:
        """The rows in hand."""
        return self._window.records

    def unavailable(self, moment: Moment) -> str:
        """Return which list this is, and that its past cannot be shown."""
        return f"{self.listed.TITLE}: {super().unavailable(moment)}"

    def following(self, typed: str) -> Sequence[Completion]:
        """Return what may follow in the filter: its keys, and values, those of the rows in hand too."""
        return completions(typed, self.listed.TABLE, self.rows)

    @property
    def hint(self) -> str:
        """The placeholder of the filter: an example of what the server accepts."""
        return f"{self.listed.HINT}, or words; enter applies, escape cancels"

    def on_mount(self) -> None:
        """Give the list the focus, and read the first page."""
        super().on_mount()
        self._begin()

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw the rows with ages and stuck tasks by this snapshot; read them again once per refresh."""
        live = self._read_at is not None and self._fault is None and _answers(snapshot)
        if self.list.left:  # drawn before the message that it moved has come
            self._follows, self.list.left = False, False
        self.list.follows = self._follows and not self.ui.frozen
        with self._boundary.around(f"the list of {self.listed.TITLE}") as run:
            self.list.sort = self._listing.sort
            self.list.put([self.listed.row(record, snapshot, live=live) for record in self._records(snapshot)])
            self.list.head = self.head(snapshot, len(self._window.records))
            self.list.empty = self._none()
            self._preview()
        if run.error is not None:
            self._say_failed(run.text)
        super(ListView, self).show(snapshot, banner)
        self._renew(snapshot)

    def _preview(self) -> None:
        """Put what is to be known of the row under the cursor below the rows, where there is room for it."""
        record = self._chosen()
        self.preview.said = self.listed.preview(record) if record is not None else ()
        self.preview.display = bool(self.preview.said) and self._body.size.height >= _PREVIEWED

    def _chosen(self) -> Any:
        row = self.list.cursor
        return next((one for one in self._window.records if row is not None and one.id == row.key), None)

    def head(self, snapshot: Snapshot, count: int) -> Line:
        """Return the title: row number and total, sort order, filter, and whether it is live."""
        if self._wrong:
            return super().head(snapshot, count)
        rows = self.list
        at = self._window.offset + rows.at + 1
        of = f" row {at:,}" if self._total is None else f" {at:,}/{'' if self._total[1] else '≈'}{self._total[0]:,}"
        place = of if rows.cursor is not None else ""
        follows = "  follows" if self._follows else ""
        return (
            (self.listed.TITLE, "title"),
            (place, "text"),
            (follows, "dim"),
            *self._part(snapshot),
            *self._said(),
            *self._origin(snapshot),
        )

    def wrong_with(self, text: str) -> str:
        """Return the error of the filter's grammar; empty if it is valid."""
        try:
            parse_filter(text, self.listed.TABLE)
        except FilterError as error:
            return str(error)
        return ""

    def take_filter(self, text: str) -> None:
        """Apply a filter, and read from the first row on."""
        self._filter = text
        self._listing = Listing(
            table=self.listed.TABLE, filter=parse_filter(text, self.listed.TABLE), sort=self._listing.sort
        )
        self._begin()

    @property
    def sort(self) -> Sort:
        """The order of the rows."""
        return self._listing.sort

    @property
    def sortable(self) -> frozenset[str]:
        """The names of the columns that rows can be sorted by."""
        return frozenset(one.name for one in SORT_COLUMNS[self.listed.TABLE])

    def sort_by(self, sort: Sort | None) -> None:
        """Read the rows in another order; `None`: their own."""
        table = self.listed.TABLE
        self._listing = Listing(table=table, filter=self._listing.filter, sort=sort or OWN_SORT[table])
        self._begin()

    def _following(self, shown: Sequence[Sort], at: int) -> Sort | None:
        return shown[at % len(shown)] if shown else None

    def _part(self, snapshot: Snapshot) -> Line:
        """Return which rows alone are sorted, and when they were read: that is seldom."""
        if not self._listing.within or self._read_at is None or (self._total and self._total[0] <= SORTED_HERE):
            return ()
        return ((f"  sorted {self._listing.part}, read {ago(self._read_at, snapshot.at)}", "warning"),)

    def action_follow(self) -> None:
        """Follow the first row as new ones come, or stop following."""
        self._follows, self.list.left = not self._follows, False
        if self._follows and (self._window.offset or self.list.at):
            self._begin()
        self.ui.repaint()

    async def action_retry(self) -> None:
        """Ask to confirm that every matching failed task goes back to pending."""
        if self.listed.RETRIES:
            await retry(self.ui, self._listing)

    async def action_switch(self) -> None:
        """Ask to confirm that the row under the cursor is switched on, or off."""
        record = self._chosen()
        action = None if record is None else self.listed.switch(record)
        if action is not None and record is not None:
            await start(self.ui, action, record.id)
        elif record is not None and self.listed.SWITCHED:
            self.ui.tell(NO_SETTINGS)

    def _not_grouped(self, why: str) -> None:
        self.ui.tell(why)

    @work
    async def action_many(self) -> None:
        """Choose what to do with all tasks that match."""
        if self.listed.MANY and self.ui.allowed(self.listed.MANY[0]):
            await all_that_match(self.ui, self._listing, self.listed.MANY)

    @work(group="groups", exclusive=True)
    @within_error_boundary("reading the groups", _not_grouped)
    async def action_group(self, named: str = "") -> None:
        """Choose what to group the tasks that match by, unless it is named, and show the groups."""
        if not self.listed.GROUPED:
            return
        if self.ui.time.moment is not None:
            self.ui.tell("groups exist only for the present: press 0 to go back to now")
            return
        by = GroupBy(named) if named else await self.ui.choose("Group by what?", [(one, one.value) for one in GroupBy])
        if by is None:
            return
        self.ui.tell("reading …")
        try:
            found = await self.ui.monitor.groups(self._listing.filter, by)
        except NotLive as not_live:
            self.ui.tell(f"not grouped: {not_live.fault.sentence()}")
        else:
            self.ui.open(GroupsView(self.ui, GroupList(self.ui, self._listing, found, self.ui.clock.now())))

    async def open_row(self, row: Row) -> None:
        """Open the row in a view of its own; not in the past, where no row is shown."""
        if self.ui.time.moment is None:
            self.ui.open(DocumentView(self.ui, self.listed, row.key))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Stop following once the cursor leaves the first row; read the next page near an end."""
        self._follows = self._follows and self.list.at == 0 and not self._window.offset
        super().on_row_list_moved(event)
        if not self._reading and not _is_running(self._extending):
            self._extending = self._extend()

    def _not_read(self, why: str) -> None:
        self._reading = False
        self._noted(unforeseen(why))
        self.ui.repaint()

    @work(group="read", exclusive=True)
    @within_error_boundary("reading the rows", _not_read)
    async def _begin(self) -> None:
        self._reading = True
        self._total = None
        self.list.to(0)
        self.ui.repaint()
        try:
            self._listing = await self.ui.monitor.sortable(self._listing)
            page = await self._window.begin(self._read, SORTED_HERE if self._listing.within else PAGE)
            self._noted(None)
            self._total = (page.total, page.exact) if page.total is not None else None
            if self._total is None:
                self.ui.repaint()
                self._total = await self.ui.monitor.total(self._listing)
        except NotLive as not_live:
            self._noted(not_live.fault)
        self._reading = False
        self.ui.repaint()

    @work(group="read", exclusive=True)
    @within_error_boundary("reading more rows", _not_read)
    async def _extend(self) -> None:
        try:
            if await self._window.extend(self._read, self.list.at):
                self._noted(None)
                self.ui.repaint()
        except NotLive as not_live:
            self._noted(not_live.fault)
            self.ui.repaint()

    def _renew(self, snapshot: Snapshot) -> None:
        """Read the visible rows again once per refresh of the monitor, but not while frozen or hidden."""
        since = snapshot.link.since.timestamp() if snapshot.link.since is not None else 0.0
        if self._reading or self.ui.frozen or since == self._renewed or not self.is_current:
            return
        if self._listing.within and self._read_at is not None and snapshot.at - self._read_at < _SORTED_ANEW:
            return
        if _is_running(self._extending) or _is_running(self._renewing):  # renewed each time, a slow one would never end
            return
        self._renewed = since
        if self._fault is not None and not self._window.records:
            self._begin()
        else:
            self._renewing = self._renew_sight()

    @work(group="read", exclusive=True)
    @within_error_boundary("reading the rows again", _not_read)
    async def _renew_sight(self) -> None:
        first, count = self.list.in_sight
        first = max(0, first - _MARGIN)
        try:
            if self._listing.within:
                await self._window.begin(self._read, SORTED_HERE)
            else:
                await self._window.renew(self._read, first, count + 2 * _MARGIN)
            self._noted(None)
            if not self._window.more and not self._listing.within:
                self._total = (self._window.offset + len(self._window.records), True)
            elif self._total is not None and self._total[0] < self._window.offset + len(self._window.records):
                self._total = await self.ui.monitor.total(self._listing)  # more have come than were counted
        except NotLive as not_live:
            self._noted(not_live.fault)
        self.ui.repaint()

    async def _read(self, offset: int, limit: int) -> Page[Any]:
        return await self.ui.monitor.page(self._listing, offset, limit)

    def _noted(self, fault: Fault | None) -> None:
        self._fault = fault
        if fault is None:
            self._read_at = self.ui.clock.now()

    def _records(self, snapshot: Snapshot) -> Any:
        if self._read_at is not None or not self._listing.filter.empty:
            return self._window.records
        return self.listed.known(snapshot).records

    def _origin(self, snapshot: Snapshot) -> Line:
        at = self._read_at or self.listed.known(snapshot).at
        if self._fault is not None:
            old = f"last known, {oldness(at, snapshot.at)}: " if at is not None else "not read: "
            return ((f"  {old}{self._fault.sentence()}", "warning"),)
        if self._read_at is None:
            return (("  reading …", "dim"),)
        if not _answers(snapshot):
            return ((f"  last known, {oldness(at, snapshot.at)}", "warning"),)
        odd = unknown_status(self._listing.filter, self.listed.TABLE).partition(":")[0]
        return ((f"  {odd}", "warning"),) if odd and self._window.records else ()

    def _none(self) -> Line:
        if self._reading:
            return (("  reading …", "dim"),)
        if self._fault is not None:
            unread = "" if self._fault.kind == NOT_VISIBLE else "cannot be read now: "
            return ((f"  {unread}{self._fault.sentence()}", "warning"),)
        if odd := unknown_status(self._listing.filter, self.listed.TABLE):
            return ((f"  {odd}", "warning"),)
        return super()._none()


def _answers(snapshot: Snapshot) -> bool:
    return snapshot.link.word in {LinkWord.LIVE, LinkWord.CONNECTING}


def _is_running(read: Worker[None] | None) -> bool:
    return read is not None and not read.is_finished
