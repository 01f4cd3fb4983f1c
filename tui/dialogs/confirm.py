"""One order that needs nothing but a yes, or a word where it is grave: whatever it is about."""

from collections.abc import Awaitable, Callable

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from core.domain.actions import Action, Result, must_type
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would do now: in words, to how many rows, and whether it can be done at all.

    `order`: it is asked as this one, not as the one it was begun as.
    """

    text: str
    rows: int = 0
    possible: bool = True
    order: Action | None = None


class ConfirmDialog(Dialog):
    """Asks for one order. `look` says what it is about, again and again; `act` carries out what was shown last."""

    def __init__(
        self,
        order: Action,
        project: str,
        *,
        look: Callable[[], Awaitable[Shown]],
        act: Callable[[], Awaitable[Result]],
        verb: str = "",
    ) -> None:
        super().__init__(f"{order.title} ({project}): {order.effect}")
        self.ACT = verb or order.title  # each order has its own word on the button
        self._order_kind = order
        self._project = project
        self._look_at = look
        self._carry = act
        self._shown = Shown(text="", possible=False)

    def fields(self) -> ComposeResult:
        """The word, where one must be typed."""
        word = Field(id="word", max_length=80)
        word.display = False
        yield word

    async def plan(self) -> str:
        """What it is about now."""
        self._shown = await self._look_at()
        word = self._word()
        field = self.query_one("#word", Input)
        field.display = word is not None and self._shown.possible
        field.placeholder = f"type {word}"
        return self._shown.text

    async def act(self) -> Result | None:
        """Carry it out."""
        return await self._carry()

    def ready(self) -> bool:
        """It can be done, and the word is typed where it must be."""
        word = self._word()
        return self._shown.possible and (word is None or self.query_one("#word", Input).value == word)

    def _word(self) -> str | None:
        return must_type(self._shown.order or self._order_kind, self._shown.rows, self._project)
