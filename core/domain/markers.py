"""Marks in the error text of a task that say who changed it: our own, and those of the project's stop function."""

from typing import Final

import msgspec

OUR_MARK: Final = "watchdesk:"
"""The beginning of the error text on every row that a monitor failed or rejected; what was done follows."""

STOPPED: Final = f"{OUR_MARK}stopped:"
"""The prefix on a task rejected by a stop; the run id and the previous status follow."""

STUCK: Final = f"{OUR_MARK}stuck:"
"""The prefix on a task failed because it was stuck; the run id and the actor follow."""

REJECTED: Final = f"{OUR_MARK}rejected:"
"""The prefix on a task that a reviewer rejected; the run id, who it was and the reason follow."""

CANCELLED: Final = f"{OUR_MARK}cancelled:"
"""The prefix on a task that an operator cancelled; the run id, the previous status and the reason follow."""

PAUSED: Final = f"{OUR_MARK}paused:"
"""The prefix on a task that was set aside because its type is paused; the pause's id, the run and the reason follow."""

FUNCTION_MARK: Final = "Emergency stop: "
"""The beginning of the text on rows that the project's own stop function rejected; the reason follows."""

KEPT: Final = "\nbefore: "
"""What stands between a mark, which is one line, and the error text that it was written before."""

_SHAPE: Final = 200
"""The number of characters by which reasons are told apart."""


class Markers(msgspec.Struct, frozen=True, kw_only=True):
    """A selection of tasks by their error text: those that begin with one of `begins`.

    `patterns` are those of LIKE. Of those that match one of `unstarted`, patterns too, only the tasks that never
    started, and those whose ids are among `pending`: a mark of the project's function does not say what a task was.
    """

    begins: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unstarted: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begins or self.patterns or self.unstarted)


def keeping(text: str, old: str) -> str:
    """Return a mark's text with the error text that the task had before."""
    return f"{text}{KEPT}{old}"


def kept(text: str) -> str | None:
    """Return the error text that a task had before it was marked; `None` where it had none."""
    _, between, old = text.partition(KEPT)
    return old if between else None


def in_words(text: str) -> str:
    """Return an error text for people: of a mark what was done, and by whom or why, without the run it names."""
    if not text.startswith(OUR_MARK):
        return text
    ids, _, rest = text.removeprefix(OUR_MARK).partition(": ")
    done = ids.partition(":")[0]
    return f"{done}: {rest}" if done and rest else done or text


def function_marked(reason: str) -> str:
    """Return the pattern of the text that the project's stop function wrote for a stop of that reason.

    A reason is read as one harmless line: each replaced character there stands for any.
    """
    shape = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in reason[:_SHAPE])
    return f"{FUNCTION_MARK}{shape}" + ("%" if len(reason) >= _SHAPE else "")
