"""What the error text of a task says about who changed it: our own marks, and that of the project's stop function."""

from typing import Final

import msgspec

FUNCTION_MARK: Final = "Emergency stop: "
"""What it begins with on rows that the project's own stop function rejected; the reason follows."""


_SHAPE: Final = 200
"""So much of a reason tells it from another."""


class Markers(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are meant, by their error text: those that begin with one of `begins`.

    `patterns` are as LIKE has them. Of those that match one of `unstarted`, patterns too, only the tasks that never
    started, and those whose ids are among `pending`: a mark of the project's function does not say what a task was.
    """

    begins: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unstarted: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begins or self.patterns or self.unstarted)


def function_marked(reason: str) -> str:
    """Return the pattern of what the project's stop function wrote for a stop of that reason, as we have read it.

    A reason is read as one harmless line: what was another sign there stands for any.
    """
    shape = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in reason[:_SHAPE])
    return f"{FUNCTION_MARK}{shape}" + ("%" if len(reason) >= _SHAPE else "")
