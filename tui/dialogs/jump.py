"""To which moment of the black box."""

from collections.abc import Awaitable, Callable

from core.base.time_input import EXAMPLES
from tui.dialogs.prompt import Prompt


class JumpDialog(Prompt):
    """Asks for a time; it stays open until there is something to show of it."""

    MOST = 60

    def __init__(self, jump: Callable[[str], Awaitable[str]]) -> None:
        text = f"Enter a time, such as {EXAMPLES}. Enter goes there, escape cancels."
        super().__init__("What did it look like at …", text, "when", jump)
