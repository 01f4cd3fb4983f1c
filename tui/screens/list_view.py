"""One list over the whole screen: a cursor, a filter, details."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec
from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.filter_completion import Completion
from core.domain.snapshot import Snapshot
from core.domain.sorting import Sort, in_order
from tui.actions.start import follow
from tui.actions.ui import Ui
from tui.base.error_boundary import error_boundary
from tui.base.key import Key, bindings
from tui.dialogs.field import CompletedField
from tui.lists.listed import Listed
from tui.panels.row_list import Row, RowList, text_of, value_of
from tui.panels.words import WordsLine
from tui.rendering.text import Line
from tui.screens.keys import LIST_KEYS
from tui.screens.view import View

_TYPING = (
    Key(name="complete", key="tab", action="", word="complete", does="complete with the next suggestion below"),
    Key(name="take", key="enter", action="", word="filter", does="apply the filter"),
    Key(name="leave", key="escape", action="", word="keep", does="keep the current filter"),
)
"""The keys in the footer while a filter is typed."""

_LOCAL = tuple(key for key in LIST_KEYS if key.name in {"open", "sort", "turn", "back"})


class FilterBar(CompletedField):
    """The input of a filter. Enter applies it, escape keeps the one before; no key typed here starts an action."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def action_leave(self) -> None:
        """Close the filter; the list stays open."""
        if isinstance(self.screen, ListView):
            self.screen.leave_filter()


class ListView(View):
    """A list that is made from the snapshot, and filtered here."""

    KEPT = True
    OWN_KEYS: ClassVar[tuple[Key, ...]] = _LOCAL
    BINDINGS: ClassVar[list[BindingType]] = bindings(_LOCAL)

    def __init__(self, ui: Ui, listed: Listed, filter_text: str = "") -> None:
        super().__init__(ui)
        self.listed = listed
        self.list = RowList(*self._style, id="list")
        self.list.columns = listed.COLUMNS
        self.bar = FilterBar(
            placeholder=self.hint, id="filter", max_length=1200, compact=True, following=self.following
        )
        self.words = WordsLine(*self._style, id="words")
        self.bar.display = self.words.display = False
        self._filter = filter_text
        self._wrong = ""

    @property
    def sort(self) -> Sort | None:
        """The order of the rows; `None`: their own, the most important first."""
        return self.list.sort

    @property
    def sortable(self) -> frozenset[str]:
        """The names of the columns that rows can be sorted by."""
        return frozenset(column.sort.column for column in self.listed.COLUMNS) - {""}

    def sort_by(self, sort: Sort | None) -> None:
        """Show the rows in another order; `None`: their own."""
        self.list.sort = sort
        self.ui.repaint()

    def body(self) -> Iterable[Widget]:
        """Yield the list, and the filter below it."""
        yield self.list
        yield self.bar
        yield self.words

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys, with the filter's; while one is typed, only those that end it and those with priority."""
        if self.bar.display:
            return (*_TYPING, *(key for key in super().keys if key.priority))
        return tuple(msgspec.structs.replace(key, drops=1) if key.name == "filter" else key for key in super().keys)

    def following(self, typed: str) -> Sequence[Completion]:
        """Return what may follow in the filter."""
        return ()

    @property
    def hint(self) -> str:
        """The placeholder of the filter: what can be typed."""
        return "words to search for; enter applies, escape cancels"

    @property
    def copied(self) -> str:
        """The key of the cursor's row; empty without rows."""
        row = self.list.cursor
        return row.key if row is not None else ""

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.set_focus(self.list)

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot; only lines that changed are written."""
        with self._boundary.around(f"the list of {self.listed.TITLE}") as run:
            found = self._in_order(self.filtered(self.listed.rows(snapshot), snapshot.at), snapshot.at)
            self.list.put(found)
            self.list.head = self.head(snapshot, len(found))
            self.list.empty = self._none()
        if run.error is not None:
            self._say_failed(run.text)
        super().show(snapshot, banner)

    def _say_failed(self, why: str) -> None:
        self.list.put(())
        self.list.empty = ((why, "critical"),)

    def head(self, snapshot: Snapshot, count: int) -> Line:
        """Return the title above the list: position of the cursor, state, and filter."""
        if self._wrong:
            return ((self.listed.TITLE, "title"), (f"  {self._wrong}", "critical"))
        place = f" {self.list.at + 1:,}/{count:,}" if count else ""
        return ((self.listed.TITLE, "title"), (place, "text"), *self.listed.state(snapshot), *self._said())

    def filtered(self, rows: Sequence[Row], now: datetime) -> Sequence[Row]:
        """Return the rows in which every word of the filter occurs."""
        words = self._filter.lower().split()
        if not words:
            return rows

        def text(row: Row) -> str:
            return " ".join(text_of(cell, now, times=self.ui.times) for cell in row.cells).lower()

        return [row for row in rows if all(word in told for told in [text(row)] for word in words)]

    def _in_order(self, rows: Sequence[Row], now: datetime) -> Sequence[Row]:
        sort = self.list.sort
        place = next((n for n, one in enumerate(self.listed.COLUMNS) if sort and one.sort.column == sort.column), None)
        if sort is None or place is None:
            return rows
        return in_order(rows, lambda row: value_of(row.cells[place], now), descending=sort.descending)

    def action_sort(self) -> None:
        """Sort by the next column that is shown; after the last one, by none."""
        shown = [one.sort for one in self.list.shown_columns if one.sort.column in self.sortable]
        names = [one.column for one in shown]
        at = names.index(self.sort.column) + 1 if self.sort is not None and self.sort.column in names else 0
        self.sort_by(self._following(shown, at))

    def _following(self, shown: Sequence[Sort], at: int) -> Sort | None:
        return shown[at] if at < len(shown) else None

    def action_turn(self) -> None:
        """Turn the order round."""
        if self.sort is not None:
            self.sort_by(self.sort.turned)
        else:
            self.action_sort()

    def on_row_list_heading(self, event: RowList.Heading) -> None:
        """Sort by the column that was clicked, or turn its order round."""
        if event.column.sort.column not in self.sortable:
            return
        same = self.sort is not None and self.sort.column == event.column.sort.column
        self.sort_by(self.sort.turned if same and self.sort is not None else event.column.sort)

    def action_filter(self, typed: str = "") -> None:
        """Open the filter; `typed` is its beginning. The next key goes to it already."""
        self.bar.value = typed or self._filter
        self.bar.cursor_position = len(self.bar.value)
        self.bar.display = True
        self._show_words()
        self.set_focus(self.bar)
        self.call_after_refresh(self._settle_bar)
        self.ui.repaint()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show at once what is wrong with the typed filter."""
        event.stop()
        self._show_words()
        self._say(self.wrong_with(event.value))

    def entered(self, value: str) -> None:
        """Apply the filter, unless it is not valid."""
        if wrong := self.wrong_with(value):
            self._say(wrong)
            return
        self.take_filter(value.strip())
        self.leave_filter()

    def wrong_with(self, text: str) -> str:
        """Return why this is no valid filter; empty if it is."""
        return ""

    def take_filter(self, text: str) -> None:
        """Apply a filter, and show the rows that match."""
        self._filter = text
        self.ui.repaint()

    def leave_filter(self) -> None:
        """Close the filter's input; the filter that was applied stays."""
        self.bar.display = self.words.display = False
        self._wrong = ""
        self.set_focus(self.list)
        self.ui.repaint()

    def action_back(self) -> None:
        """Remove the filter if there is one, else go back."""
        if self._filter:
            self.take_filter("")
        else:
            self.ui.back()

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Draw the cursor's new position in the title."""
        self.ui.repaint()

    def on_row_list_chosen(self, _event: RowList.Chosen) -> None:
        """Open the row that was chosen with the mouse."""
        self.action_open()

    @work(group="details")
    async def action_open(self) -> None:
        """Open the cursor's row in full, with what can be done with it."""
        row = self.list.cursor
        if row is not None:
            with error_boundary("opening this row", self.ui.tell):
                await self.open_row(row)

    async def open_row(self, row: Row) -> None:
        """Show the row in full, and let the operator choose what to do with it."""
        details = self.listed.details(row.key, self.ui.shown)
        if details is None:
            return
        choices = () if self.ui.time.moment is not None else details.choices
        chosen = await self.ui.choose(details.heading, choices, details.text, way_back="Close")
        if chosen is not None:
            with error_boundary("the chosen action", self.ui.tell):
                await follow(self.ui, chosen)

    def _said(self) -> Line:
        """Return what of the order, the times and the filter is not seen below."""
        sort = self.sort
        seen = sort is None or sort.column in {one.sort.column for one in self.list.shown_columns}
        order = "" if sort is None or seen else f"  by {sort.column}{', reversed' if sort.descending else ''}"
        moments = self.ui.times and any(one.moment for one in self.list.shown_columns)
        zone = f"  times in {self.ui.shown.at.astimezone():%Z}" if moments else ""
        return (
            (order + zone, "dim"),
            *(((f"  filter: {self._filter}", "warning"),) if self._filter else ()),
        )

    def _none(self) -> Line:
        if self._filter:
            return ((f"  nothing matches {self._filter}: press escape to clear the filter", "dim"),)
        return ((f"  {self.listed.EMPTY}", "dim"),)

    def _settle_bar(self) -> None:
        """Scroll the input's text to its cursor: only now it has a width."""
        at = self.bar.cursor_position
        self.bar.action_home()
        self.bar.cursor_position = at

    def _show_words(self) -> None:
        """Show what may follow, where anything may."""
        self.words.said = self.bar.words
        self.words.display = bool(self.words.said)
        self.words.redraw()

    def _say(self, wrong: str) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            self.ui.repaint()
