"""Records of actions: names, arguments, confirmation, results."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.base.text import plural, short
from core.base.time_input import span_of
from core.base.zones import zone_of_name
from core.domain.maintenance import WEEKLY_EXAMPLE, weekly_text


class Tier(StrEnum):
    """The confirmation an action needs before it runs: none, a yes, or a word to type."""

    SAFE = "safe"
    CONFIRM = "confirm"
    TYPED = "typed"


class ArgumentKind(StrEnum):
    """The kind of an argument. `subject`: the id or name of the action's subject, positional on the command line.

    `subjects`: ids of several, or the words of a filter, positional too. `duration`: a time span such as `2h`.
    `choices`: some of a few words. `rows`: ids of some of the rows that the plan offers, empty for all of them.
    `week`: days and times of a week such as `sun 02:00-04:00`. `zone`: a time zone's name.
    """

    SUBJECT = "subject"
    SUBJECTS = "subjects"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DURATION = "duration"
    CHOICES = "choices"
    ROWS = "rows"
    WEEK = "week"
    ZONE = "zone"


POSITIONAL: Final = frozenset({ArgumentKind.SUBJECT, ArgumentKind.SUBJECTS})
"""The kinds that say what an action is about: no field of its dialog."""


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an action: an option of its command and, if it is `asked`, a field of its dialog.

    `choices`: the words of a person and the values they stand for. `in_words`: what a dialog calls a value, where its
    word alone could be mistaken. `longest`: characters of a text. `least`, `most`: bounds of a number, or of a duration
    in seconds. `replans`: another value makes another plan. `option`: its name on the command line, where that is
    another.
    """

    name: str
    kind: ArgumentKind = ArgumentKind.TEXT
    help: str = ""
    words: str = ""
    """What it is called above its field, or beside a tick; empty: the name."""
    metavar: str | None = None
    default: Any = None
    required: bool = False
    choices: Mapping[str, str] = {}
    in_words: Mapping[str, str] = {}
    longest: int = 400
    least: int = 0
    most: int = 1_000_000
    asked: bool = True
    replans: bool = False
    option: str = ""
    for_many: bool = False
    """Whether it may be left out of an action that changes one row, although it is required."""
    positional: bool = False
    """Whether it stands on the command line by its place, after the subject."""


def argument_value(argument: Argument, typed: str) -> Any:
    """Return the value of an argument that was typed, a text, a number or a duration.

    Raises ValueError with a sentence where it is none, or out of bounds.
    """
    typed = typed.strip()
    if argument.required and not typed:
        raise ValueError(f"a {'reason' if argument.name == 'reason' else 'value'} is required")
    match argument.kind:
        case ArgumentKind.NUMBER:
            number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < _DIGITS else None
            if number is None or not argument.least <= number <= argument.most:
                raise ValueError(f"must be a number from {argument.least:,} to {argument.most:,}")
            return number
        case ArgumentKind.DURATION:
            span = span_of(typed)
            longest = timedelta(seconds=argument.most)
            if span is None or not timedelta() < span <= longest:
                raise ValueError(f"must be a time such as 30min or 2h, at most {short(longest)}")
            return span
        case ArgumentKind.WEEK if typed:
            return weekly_text(typed)
        case ArgumentKind.ZONE if typed:
            zone_of_name(typed)
    if len(typed) > argument.longest:
        raise ValueError(f"must be at most {argument.longest:,} characters long")
    return typed


def field_label(argument: Argument) -> str:
    """Return what stands above the field of an argument: what it is called, and what may be filled in."""
    words = argument.words or argument.name.replace("_", " ")
    match argument.kind:
        case ArgumentKind.NUMBER:
            return f"{words} ({argument.least:,} to {argument.most:,})"
        case ArgumentKind.DURATION:
            return f"{words} (such as 30min or 2h, at most {short(timedelta(seconds=argument.most))})"
        case ArgumentKind.WEEK:
            return f"{words} (such as {WEEKLY_EXAMPLE})"
        case ArgumentKind.TEXT if not argument.required:
            return f"{words} (optional)"
    return words


_DIGITS: Final = 16


class Shortcut(msgspec.Struct, frozen=True, kw_only=True):
    """The place of an action on the screen. `name`: as the `[keys]` table knows it; `key`: Textual's name of the key.

    An empty `key` is an entry of the menu alone. `word` stands in the footer, `does` in the help and the menu.
    `drops`: how soon a narrow footer leaves it out, the highest first; 0 never.
    """

    name: str
    key: str = ""
    word: str
    does: str
    drops: int = 0


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The command of an action. `help` stands in its own help, a line of `tui.cli.commands` in the list of all.

    `alerts`: it needs the alerts as they stand, and runs on what is kept here where the project does not answer.
    """

    name: str
    help: str
    alerts: bool = False


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing an operator can order. Binding, footer, menu, help, command and dialog are made from this record.

    `name`: as audit rows know it. `effect`: what it will do, in words. `writes`: `--observe` refuses it.
    """

    name: str
    tier: Tier
    title: str
    effect: str
    writes: bool = True
    word: str = ""
    """The word to type, for the typed tier; empty: the project's name."""
    verb: str = ""
    """The words on the dialog's button; empty: the title."""
    arguments: tuple[Argument, ...] = ()
    shortcut: Shortcut | None = None
    command: Command | None = None
    hurries: bool = False
    """Whether it goes before any other, needs no plan, and runs where neither audit row nor state can be written."""
    beside: bool = False
    """Whether it has a lane of its own: no other waits for it, and it waits for none."""
    keeps: bool = False
    """Whether a running monitor keeps it on the disk while the project does not answer."""
    halts: bool = False
    """Whether it works in batches, and can be stopped between two of them."""
    bound: bool = True
    """Whether it does just what was shown: a word typed for another plan does not count."""


class ResultPhase(StrEnum):
    """The outcome of an action. `verified` is read back; `unchanged` changed nothing, and says so.

    `unknown`: the answer was lost, and what holds could not be read. `waiting`: kept on this machine's disk until the
    project answers.
    """

    VERIFIED = "verified"
    PARTLY = "partly"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    WAITING = "waiting"


class Result(msgspec.Struct, frozen=True, kw_only=True, rename={"action": "order"}):
    """The result of one action: how far it came, in words, and how many rows really changed."""

    action: str
    phase: ResultPhase
    text: str
    run: str = ""
    planned: int = 0
    changed: int = 0
    skipped: int = 0
    refused: int = 0
    already: bool = False

    @property
    def done(self) -> bool:
        """Return whether the project now is as ordered, by a read: since this action, or already before it."""
        return self.phase is ResultPhase.VERIFIED or self.already


_CALLED: Final = {"lift": "resume"}
"""Actions whose name in audit rows is not what people call them."""


def label(name: str) -> str:
    """Return what people call the action of that name in audit rows: `emergency stop`, `resume`."""
    return _CALLED.get(name, name).replace("_", " ")


def heading(action: Action, project: str) -> str:
    """Return what is asked of an operator, in one line: the action, the project, and the effect."""
    return f"{action.title} ({project}): {action.effect}"


def button(action: Action, rows: int) -> str:
    """Return the words on the button of an action's dialog; of one on tasks they say on how many, where that is known.

    `rows`: as its plan has them; 0 where there is none.
    """
    verb = action.verb or action.title
    of_tasks = any(one.kind in POSITIONAL and one.name in _OF_TASKS for one in action.arguments)
    if not of_tasks or not rows:
        return verb
    return f"{verb} {'this task' if rows == 1 else plural(rows, 'task')}"


_OF_TASKS: Final = frozenset({"task", "tasks"})
"""The names of the arguments by which an action is about tasks."""

TYPED_ABOVE: Final = 50
"""An action that changes more rows than this is typed, whatever its tier."""


def must_type(action: Action, rows: int, project: str) -> str | None:
    """Return the word an operator must type for `action` on so many rows; `None`: a yes is enough."""
    if action.tier is Tier.TYPED:
        return action.word or project
    return project if rows > TYPED_ABOVE else None
