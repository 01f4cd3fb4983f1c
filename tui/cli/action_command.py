"""One order given on the command line: may it, what is it about, is it meant, what came of it."""

from collections.abc import Awaitable, Callable

import msgspec

from core.domain.actions import Action, Result, must_type
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.session import confirmed, put, tell


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is about: in words, how many rows it changes, why it is refused before it is asked (empty: not).

    `idle`: there is nothing to ask, because nothing would change. `order`: it is asked as this one, not as the given.
    """

    text: str
    rows: int = 0
    refused: str = ""
    idle: bool = False
    order: Action | None = None


async def give(
    monitor: Monitor,
    order: Action,
    *,
    look: Callable[[], Awaitable[Preview]],
    act: Callable[[], Awaitable[Result]],
    yes: bool,
) -> int:
    """Look, ask where a person must say so, carry it out, say what came of it; the exit code. Raises NotLive."""
    if why := monitor.may(order):
        tell(f"watchdesk: {why}")
        return exits.WRONG
    question = await look()
    if question.refused:
        tell(f"watchdesk: {question.refused}")
        return exits.WRONG
    name = monitor.snapshot.project.name
    word = must_type(question.order or order, question.rows, name)
    if not question.idle and not confirmed(f"{name}: {question.text}", yes=yes, word=word):
        tell("nothing was changed")
        return exits.PARTLY
    result = await act()
    code = exits.of_result(result)
    (put if code in {exits.DONE, exits.PARTLY} else tell)(result.text)
    return code
