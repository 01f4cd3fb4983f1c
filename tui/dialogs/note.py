"""A note about the moment that is shown."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.dialogs.prompt import Prompt
from tui.time_travel.recorded import clock


class NoteDialog(Prompt):
    """Kept on this machine beside the pictures, and shown when somebody looks at that moment again."""

    MOST = 500

    def __init__(self, at: datetime, keep: Callable[[str, datetime], Awaitable[str]]) -> None:
        async def take(typed: str) -> str:
            why = await keep(typed, at)
            return why and f"nothing was kept: {why}"

        text = "It is stored in the black box on this machine. Enter saves it, escape cancels."
        super().__init__(f"Note about {clock(at)}", text, "what you saw or did", take)
