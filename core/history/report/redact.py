"""Removal of secrets from a record, before it is written: the written form would spell them differently."""

from enum import Enum
from typing import TypeVar

import msgspec

from core.base.text import redacted

T = TypeVar("T")


def without_secrets(value: T, secrets: tuple[str, ...] = ()) -> T:
    """Return a record, or a value in one, with every text without `secrets` and anything that looks like a key."""
    return _redacted(value, tuple(sorted(filter(None, secrets), key=len, reverse=True)))  # one may hold another


def _redacted(value: T, secrets: tuple[str, ...]) -> T:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return redacted(value, secrets)  # type: ignore[return-value]  # a text for a text
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        told = {name: _redacted(one, secrets) for name, one in fields.items()}
        return msgspec.structs.replace(value, **{name: one for name, one in told.items() if one is not fields[name]})
    if isinstance(value, dict):
        return {_redacted(name, secrets): _redacted(one, secrets) for name, one in value.items()}  # type: ignore[return-value]  # of T's kind
    if isinstance(value, tuple):
        return tuple(_redacted(one, secrets) for one in value)  # type: ignore[return-value]  # of T's kind
    return value
