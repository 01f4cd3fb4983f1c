"""What the error text of a task says about who changed it: our own marks, and that of the project's stop function."""

from typing import Final

import msgspec

FUNCTION_MARK: Final = "Emergency stop: "
"""What it begins with on rows that the project's own stop function rejected; the reason follows."""


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are meant, by their error text: those that begin with one of `begins`.

    Of those that are one of `whole`, or begin with one of `unstarted`, only the ones that never started: a mark of the
    project's function does not say what a task was.
    """

    begins: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    unstarted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begins or self.whole or self.unstarted)
