"""What is typed at the prompt: the name of a key or of an entry of the menu, and what it is to be about."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.actions.catalogue import ACTIONS
from core.base.errors import WatchdeskError
from core.base.text import clean
from core.base.time_input import EXAMPLES, moment_of
from core.domain.actions import ArgumentKind
from core.domain.filter_completion import Completion, completions, values_of
from core.domain.queries import FilterError, Table, parse_filter
from core.domain.task_groups import GroupBy
from core.history.trends import Window
from tui.base.key import Key
from tui.lists import LISTS, Served
from tui.rendering.palettes import THEMES
from tui.screens.order_words import Rows, WrongWords, following_of, given_of, taken


class NoCommand(WatchdeskError, ValueError):
    """What was typed names nothing that could be done; the text is one sentence for people."""


class PromptCommand(msgspec.Struct, frozen=True):
    """A key or an entry of the menu, and what was typed behind its name; empty for nothing.

    `given`: of an action, the arguments that its dialog begins with.
    """

    key: Key
    about: str = ""
    given: dict[str, Any] | None = None


class PromptArgument(msgspec.Struct, frozen=True):
    """What may follow a name: `read` returns it as the action takes it, or raises; `following` what may come next."""

    read: Callable[[str, Key], str]
    following: Callable[[str, Key, Rows], Sequence[Completion]]


def command_of(typed: str, keys: Iterable[Key]) -> PromptCommand:
    """Return what was meant: a name in full, or as much of it as fits no other. Raises NoCommand."""
    name, _, about = typed.strip().partition(" ")
    key = _named(name, keys)
    about = about.strip()
    if not about:
        return PromptCommand(key)
    if not key.about:
        raise NoCommand(f"{prompt_name(key)} takes no argument")
    try:
        if key.about == "order":
            return PromptCommand(key, about, given_of(ACTIONS[key.order], about))
        return PromptCommand(key, ARGUMENTS[key.about].read(about, key))
    except (FilterError, WrongWords) as error:
        raise NoCommand(str(error)) from error


def following(typed: str, keys: Iterable[Key], rows: Rows) -> tuple[Completion, ...]:
    """Return what may follow: names, or behind one what it can be about."""
    name, blank, about = typed.lstrip().partition(" ")
    known = tuple(keys)
    exact = next((key for key in known if name.lower() in _names(key)), None)
    if not blank and exact is None:
        found = [(rank(name, key), prompt_name(key)) for key in known]
        return tuple(Completion(one, one) for fits, one in sorted(found) if fits < NO_FIT)
    if exact is None or not exact.about:
        return ()
    words = ARGUMENTS[exact.about].following(about.lstrip(), exact, rows)
    return tuple(Completion(one.word, f"{name} {one.text}") for one in words)


def prompt_name(key: Key) -> str:
    """Return the name of a key at the prompt."""
    return key.name.replace("_", "-")


NO_FIT: Final = 3
"""The rank of what does not fit at all."""


def rank(typed: str, key: Key) -> int:
    """Return how well a key fits what is typed, in the menu as at the prompt: 0 is its name, 1 the begin of it.

    2: each word that is typed begins a word of its names or of its title.
    """
    said = typed.strip().lower()
    if said in _names(key):
        return 0
    if prompt_name(key).startswith(said):
        return 1
    words = _WORD.findall(" ".join((*_names(key), title(key))).lower())
    return 2 if all(any(one.startswith(part) for one in words) for part in _WORD.findall(said) or ("-",)) else NO_FIT


_WORD: Final = re.compile(r"[^\W_]+")


def title(key: Key) -> str:
    """Return what a key is called in the menu, in lower case."""
    return key.does.partition(":")[0]


def _names(key: Key) -> tuple[str, ...]:
    return (prompt_name(key), key.name, *key.also)


def _named(name: str, keys: Iterable[Key]) -> Key:
    ranks = [(rank(name, key), key) for key in keys]
    best = min(fits for fits, _ in ranks)
    found = [key for fits, key in ranks if fits == best < NO_FIT]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoCommand(f"{clean(name, 40)} is ambiguous: {', '.join(map(prompt_name, found))}")
    raise NoCommand(f"unknown command: {clean(name, 40)}; press tab for all commands, ? for all keys")


# What may follow


def _table(key: Key) -> Table | None:
    listed = LISTS[key.name]
    return listed.TABLE if issubclass(listed, Served) else None


def _filter(text: str, key: Key) -> str:
    table = _table(key)
    return text if table is None else _filtered(text, table)


def _filtered(text: str, table: Table) -> str:
    """Return a filter in which a word that is a status stands for the tasks that have it. Raises FilterError."""
    words = text.split(" ") if '"' not in text else [text]
    statuses = values_of("status", table, ())
    text = " ".join(
        f"{word[: -len(bare)]}status:{bare}" if (bare := word.removeprefix("-")) in statuses else word for word in words
    )
    parse_filter(text, table)
    return text


def _in_filter(text: str, key: Key, rows: Rows) -> Sequence[Completion]:
    table = _table(key)
    return () if table is None else _in_words(text, table, rows(key.name))


def _in_words(text: str, table: Table, rows: Sequence[Any]) -> Sequence[Completion]:
    before, blank, word = text.rpartition(" ")
    bare = [one for one in values_of("status", table, ()) if word and one.startswith(word) and one != word]
    return (*completions(text, table, rows), *(Completion(one, f"{before}{blank}{one}") for one in bare))


def _in_order(text: str, key: Key, rows: Rows) -> Sequence[Completion]:
    action = ACTIONS[key.order]
    found = following_of(action, text, rows)
    about = any(one.kind is ArgumentKind.SUBJECTS for one in taken(action))
    return (*found, *(_in_words(text, Table.TASKS, rows("tasks")) if about else ()))


def _one_of(words: Sequence[str], what: str) -> PromptArgument:
    def read(text: str, key: Key) -> str:
        if text not in words:
            raise NoCommand(f"{clean(text, 40)} is no {what}: {', '.join(words)}")
        return text

    return PromptArgument(read, lambda text, key, rows: [Completion(one, one) for one in words if one.startswith(text)])


PERIODS: Final = {period.replace(" ", ""): period for period in (Window.SIX_HOURS, Window.DAY, Window.WEEK)}
"""The periods of the dashboard's throughput, as they are typed."""

_GROUPS: Final = tuple(one.value for one in GroupBy)


def _groups(text: str, key: Key) -> str:
    by, _, words = text.partition(" ")
    if by not in _GROUPS:
        raise NoCommand(f"cannot group by {clean(by, 40)}; use one of: {', '.join(_GROUPS)}")
    return f"{by} {_filtered(words.strip(), Table.TASKS)}".strip()


def _in_groups(text: str, key: Key, rows: Rows) -> Sequence[Completion]:
    by, blank, words = text.partition(" ")
    if not blank:
        return [Completion(one, one) for one in _GROUPS if one.startswith(by)]
    found = _in_words(words.lstrip(), Table.TASKS, rows("tasks"))
    return [Completion(one.word, f"{by} {one.text}") for one in found]


def _moment(text: str, key: Key) -> str:
    if moment_of(text, datetime.now(UTC)) is None:
        raise NoCommand(f"{clean(text, 40)} is no time: {EXAMPLES}")
    return text


def _in_spans(text: str, key: Key, rows: Rows) -> Sequence[Completion]:
    return [Completion(one, one) for one in ("30min", "2h", "24h", "7d") if one.startswith(text) and one != text]


ARGUMENTS: Final[dict[str, PromptArgument]] = {
    "order": PromptArgument(lambda text, key: text, _in_order),
    "filter": PromptArgument(_filter, _in_filter),
    "theme": _one_of(THEMES, "theme"),
    "period": _one_of(tuple(PERIODS), "period of the throughput"),
    "groups": PromptArgument(_groups, _in_groups),
    "since": PromptArgument(_moment, _in_spans),
    "moment": PromptArgument(_moment, _in_spans),
}
"""What may follow the name of a key, by what it is `about`."""
