"""The difference between two records, and its application to a record.

A change is a map (a record of the same kind: its changed fields), `[SET, value]`, or `[RUNS, runs]` for a tuple: runs
of unchanged items, of items that changed in place, and of new ones. Equal values cost one comparison.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.base.errors import WatchdeskError

SET: Final = 0
RUNS: Final = 1
_NAMES: Final = ("id", "key", "name")
"""Fields that identify an item when the rest of it has changed."""


class Unfit(WatchdeskError):
    """A change does not fit the record it is applied to."""


def changes(old: msgspec.Struct, new: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of `new` that differ from `old`, which is of the same type."""
    found: dict[str, Any] = {}
    for name in new.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before is not after and before != after:
            found[name] = _change(before, after)
    return found


def applied(tree: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a record, in plain maps and lists, with a change applied; the original stays as it is. Raises Unfit."""
    new = dict(tree)
    for name, one in change.items():
        new[name] = _applied(tree.get(name), one)
    return new


def _change(before: Any, after: Any) -> Any:
    if type(before) is type(after):
        if isinstance(after, msgspec.Struct):
            return changes(before, after)
        if isinstance(after, tuple):
            return [RUNS, _runs(before, after)]
    return [SET, after]


def _runs(before: Sequence[Any], after: Sequence[Any]) -> list[list[Any]]:
    """Return runs: `[from, count]`: unchanged items; `[from, map]`: one changed item; `[-1, items]`: new ones."""
    places, named = _places(before)
    runs: list[list[Any]] = []
    follows = 0
    """The index that would come next in an unchanged run; lists of values mostly only shift."""
    for item in after:
        same = follows if follows < len(before) and before[follows] == item else places.get(item, -1)
        if same >= 0:
            if runs and same == follows and isinstance(runs[-1][1], int):
                runs[-1][1] += 1
            else:
                runs.append([same, 1])
            follows = same + 1
        elif (same := named.get(_name(item), -1)) >= 0 and type(before[same]) is type(item):
            runs.append([same, changes(before[same], item)])
            follows = same + 1
        elif runs and runs[-1][0] < 0:
            runs[-1][1].append(item)
        else:
            runs.append([-1, [item]])
    return runs


def _places(items: Sequence[Any]) -> tuple[dict[Any, int], dict[str, int]]:
    """Return the first index of each item, and of each name."""
    places: dict[Any, int] = {}
    named: dict[str, int] = {}
    for index, item in enumerate(items):
        places.setdefault(item, index)
        if name := _name(item):
            named.setdefault(name, index)
    return places, named


def _name(item: Any) -> str:
    for field in _NAMES:
        if isinstance(found := getattr(item, field, None), str):
            return found
    return ""


def _applied(before: Any, change: Any) -> Any:
    if isinstance(change, dict):
        if not isinstance(before, dict):
            raise Unfit
        return applied(before, change)
    if not isinstance(change, list) or len(change) != 2:
        raise Unfit
    kind, value = change
    if kind == SET:
        return value
    if kind != RUNS or not isinstance(before, list):
        raise Unfit
    return _joined(before, value)


def _joined(before: list[Any], runs: list[list[Any]]) -> list[Any]:
    items: list[Any] = []
    for start, what in runs:
        if start < 0:
            items += what
        elif isinstance(what, int):
            if start + what > len(before):
                raise Unfit
            items += before[start : start + what]
        else:
            if start >= len(before):
                raise Unfit
            items.append(_applied(before[start], what))
    return items
