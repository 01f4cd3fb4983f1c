"""What is typed behind an action's name at the prompt: its arguments, by its record, as its dialog takes them."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from core.base.errors import WatchdeskError
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, argument_value
from core.domain.filter_completion import Completion, values_of
from core.domain.maintenance import looks_weekly
from core.domain.queries import Table, filter_value, is_uuid, parse_filter

Rows = Callable[[str], Sequence[Any]]
"""Returns the rows in hand of a list, by its name."""

_WORD: Final = re.compile(r'(?:"(?:\\.|[^"\\])*"|\S)+')
_WEEK: Final = 2
"""Days and times of a week are two words."""
_KEYED: Final = re.compile(r"-?[A-Za-z_]+:")
_LISTS: Final = {"breaker": "breakers", "alert": "alerts", "matcher": "alerts", "name": "config", "run": "trail"}
"""The list whose rows an argument names, by its name."""


class WrongWords(WatchdeskError, ValueError):
    """What was typed is none of the action's arguments; the text is one sentence for people."""


def taken(action: Action) -> tuple[Argument, ...]:
    """Return the arguments that may be typed behind an action's name, in order."""
    may = (one for one in action.arguments if one.asked or one.positional)
    return tuple(one for one in may if one.kind is not ArgumentKind.ROWS)


def given_of(action: Action, text: str) -> dict[str, Any]:
    """Return the arguments that were typed. Raises WrongWords, FilterError."""
    words, wanted, given = _WORD.findall(text), list(taken(action)), dict[str, Any]()
    while words and wanted:
        one = wanted.pop(0)
        match one.kind:
            case ArgumentKind.SUBJECTS:
                many = _subjects(words, [other for other in wanted if other.required and other.name != "reason"])
                given[one.name], words = _tasks(words[:many]), words[many:]
            case ArgumentKind.FLAG:
                if words[0].lower() in _names(one):
                    given[one.name] = bool(words.pop(0))
            case ArgumentKind.CHOICES:
                if all(part in one.choices for part in words[0].split(",")):
                    given[one.name] = frozenset(one.choices[part] for part in words.pop(0).split(","))
            case ArgumentKind.WEEK:
                if looks_weekly(" ".join(words[:_WEEK])):
                    given[one.name], words = _value(one, " ".join(words[:_WEEK])), words[_WEEK:]
            case ArgumentKind.TEXT if not any(other.kind is not ArgumentKind.FLAG for other in wanted):
                given[one.name], words = _value(one, " ".join(map(_unquoted, words))), []
            case ArgumentKind.DURATION | ArgumentKind.NUMBER if not one.required and not words[0][:1].isdecimal():
                continue  # it has a value of its own, and this is what comes behind it
            case _:
                given[one.name] = _value(one, _unquoted(words.pop(0)))
    if words:
        raise WrongWords(f"{clean(words[0], 40)} cannot follow; {usage(action)}")
    return given


def usage(action: Action) -> str:
    """Return what may follow an action's name, in one line."""
    said = " ".join(_said(one) for one in taken(action))
    return f"it takes: {said}" if said else "it takes no argument"


def following_of(action: Action, text: str, rows: Rows) -> Sequence[Completion]:
    """Return what may come next: names, words of a filter, or one of a few words."""
    before, blank, word = text.rpartition(" ")
    head, arguments = f"{before}{blank}", taken(action)
    first = not before.strip()
    names: list[str] = []
    for one in arguments:
        match one.kind:
            case ArgumentKind.SUBJECT if first:
                names += _named(one, action, rows)
            case ArgumentKind.CHOICES if first:
                names += one.choices
            case ArgumentKind.FLAG:
                names += [_names(one)[0]]
            case ArgumentKind.TEXT if one.name == "task_type" and first:
                names += _named(one, action, rows)
    fit = [name for name in dict.fromkeys(names) if name.lower().startswith(word.lower().strip('"')) and name != word]
    return [Completion(name, head + filter_value(name)) for name in fit]


def _named(argument: Argument, action: Action, rows: Rows) -> Sequence[str]:
    """Return the names that are known of what an action is about."""
    if argument.name == "task_type":
        return values_of("kind", Table.TASKS, rows("tasks"))
    if argument.name == "check":
        return [one.name or one.id for one in rows("safety")]
    found = rows(_LISTS.get(argument.name, ""))
    return [getattr(one, "run", "") or getattr(one, "key", "") for one in found]


def _subjects(words: Sequence[str], behind: Sequence[Argument]) -> int:
    """Return how many words name the tasks: those before what the others must be, which no filter's word looks like."""
    many = len(words)
    for one in reversed(behind):
        last = words[many - 1] if many > 1 else ""
        if not last or _KEYED.match(last) or is_uuid(last):
            break
        _value(one, _unquoted(last))
        many -= 1
    return many


def _tasks(words: Sequence[str]) -> tuple[str, ...]:
    if all(map(is_uuid, words)):
        return tuple(words)
    statuses = values_of("status", Table.TASKS, ())
    typed = " ".join(f"status:{word}" if word in statuses else word for word in words)
    parse_filter(typed, Table.TASKS)
    return (typed,)


def _value(argument: Argument, typed: str) -> Any:
    """Return the value that was typed. Raises WrongWords."""
    if argument.kind is ArgumentKind.SUBJECT:
        return typed
    try:
        return argument_value(argument, typed)
    except ValueError as error:
        raise WrongWords(f"not {clean(typed, 40)}: {error}") from error


def _names(flag: Argument) -> tuple[str, ...]:
    name = flag.option or flag.name
    return (name, f"--{name}")


def _said(argument: Argument) -> str:
    if argument.kind is ArgumentKind.CHOICES:
        return ",".join(argument.choices)
    return (argument.metavar or argument.words or argument.name).strip("[]")


def _unquoted(word: str) -> str:
    inside = re.fullmatch(r'"((?:\\.|[^"\\])*)"', word)
    return word if inside is None else re.sub(r"\\(.)", r"\1", inside[1])
