"""An order as text that goes from one process of this machine to another, and back: arguments, and the plan shown.

Both ends are the same version of this program. Even so what is read is checked: an argument by its record, and a plan
by the type that its action makes. What another end can mean by nothing here is a sentence, never a crash.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_type_hints

import msgspec
from msgspec import Meta

from core.actions.catalogue import ACTIONS, kind_of
from core.base.errors import WatchdeskError
from core.base.text import clean, plural
from core.domain.actions import Action, Argument, ArgumentKind, argument_value
from core.domain.plans import Plan

_TEXT: Final = 8_000
_ITEMS: Final = 1_000
MOST_PLAN: Final = 4_000_000
"""The longest plan as text, in characters: 1,000 tasks with their descriptions have a tenth of it."""

Text: TypeAlias = Annotated[str, Meta(max_length=_TEXT)]
Value: TypeAlias = Text | int | bool | Annotated[list[Text], Meta(max_length=_ITEMS)] | None
"""The value of an argument. A time span is its whole seconds, and a set is a list."""


class NotCarried(WatchdeskError, ValueError):
    """An order that cannot be handed over, or not be read; the text says why."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An action as it was ordered. `shown`: the plan that was seen. `again`: the run to go on with.

    `who` ordered it, as audit rows name an operator; empty: the operator of this process.
    """

    action: Action
    arguments: Mapping[str, Any] = {}
    shown: Plan | None = None
    again: str = ""
    who: str = ""


def carried_arguments(arguments: Mapping[str, Any]) -> dict[str, Value]:
    """Return arguments as they are handed over. Raises NotCarried."""
    return {name: _carried(name, value) for name, value in arguments.items()}


def arguments_of(action: Action, given: Mapping[str, Value]) -> dict[str, Any]:
    """Return the arguments of an action as they were before. Raises NotCarried for one that it does not take."""
    known = {argument.name: argument for argument in action.arguments}
    if wrong := [name for name in given if name not in known]:
        raise NotCarried(f"{action.title} knows no {clean(wrong[0], 60)}")
    lacks = [name for name, one in known.items() if one.required and not one.for_many and name not in given]
    if lacks:
        raise NotCarried(f"{action.title}: {lacks[0]} is missing")
    try:
        return {name: _value(known[name], value) for name, value in given.items()}
    except ValueError as error:
        raise NotCarried(f"{action.title}: {error}") from error


def carried_plan(plan: Plan | None) -> str:
    """Return a plan as text, empty for none. Raises NotCarried."""
    if plan is None:
        return ""
    action = plan.action
    bare = plan if action is None else msgspec.structs.replace(plan, action=None)
    try:
        text = msgspec.json.encode((bare, action.name if action is not None else "")).decode()
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise NotCarried("what was shown cannot be handed over") from error
    if len(text) > MOST_PLAN:
        raise NotCarried(f"what was shown is too much to hand over ({plural(plan.rows, 'row')})")
    return text


def plan_of(action: Action, text: str) -> Plan | None:
    """Return the plan of an action from its text, `None` for an empty one. Raises NotCarried."""
    if not text:
        return None
    try:
        bare, name = msgspec.json.decode(text, type=tuple[_plan_type(action.name), str])  # type: ignore[misc]
        plan: Plan = msgspec.structs.replace(bare, action=ACTIONS[name]) if name else bare
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        raise NotCarried(f"{action.title}: what was shown cannot be read here; is it of another version?") from error
    return plan


@cache
def _plan_type(name: str) -> Any:
    return get_type_hints(kind_of(ACTIONS[name]).plan)["return"]


def _carried(name: str, value: Any) -> Value:
    match value:
        case None | bool() | int():
            return value
        case str() if len(value) <= _TEXT:
            return value
        case timedelta():
            return int(value.total_seconds())
        case frozenset() | set() | tuple() | list() if len(value) <= _ITEMS and all(_short(one) for one in value):
            return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    raise NotCarried(f"{name.replace('_', ' ')} cannot be handed over")


def _short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT


def _value(argument: Argument, value: Value) -> Any:
    """Return the value of an argument that was handed over. Raises ValueError."""
    words = argument.words or argument.name.replace("_", " ")
    if value is None and not argument.required:
        return None
    match argument.kind, value:
        case ArgumentKind.FLAG, bool():
            return value
        case ArgumentKind.CHOICES, list() if set(value) <= set(argument.choices.values()):
            return frozenset(value)
        case ArgumentKind.ROWS, list():
            return frozenset(value)
        case ArgumentKind.SUBJECTS, list():
            return tuple(value)
        case ArgumentKind.NUMBER, int() if not isinstance(value, bool):
            return argument_value(argument, f"{value}")
        case ArgumentKind.DURATION, int() if not isinstance(value, bool):
            return argument_value(argument, f"{value}s")
        case ((ArgumentKind.TEXT | ArgumentKind.SUBJECT), str()):
            free = argument.for_many and not value.strip()  # one row alone may do without
            return "" if free else argument_value(argument, value)
    raise ValueError(f"{words} is not of its kind")
