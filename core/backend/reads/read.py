"""A read declared once, at its query: `@read` names the operation that breakers, cache and screen know it by."""

import functools
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

import msgspec

from core.backend.api_calls import ApiCalls
from core.backend.schema import Schema, Shape
from core.resilience import Guard, Policy

T = TypeVar("T")
P = ParamSpec("P")
S = TypeVar("S", bound="Subject")

PAGE: Final = 500
"""Rows a page; half of the API's usual cap."""

_LIVE: Final = Policy(total_s=8.0, retry=None, refusable=False)


class Read(msgspec.Struct, Generic[T], frozen=True):
    """A read with its arguments, ready to be asked under the operation `key`.

    Awaited, it goes through the guard of live reads, which raises NotLive alone. Without a guard it is `ask`, which
    raises Failed: for callers that guard it under its `key` by a policy of their own.
    """

    key: str
    ask: Callable[[], Awaitable[T]]
    guard: Guard | None
    policy: Policy

    def __await__(self) -> Generator[Any, Any, T]:
        asked = self.ask() if self.guard is None else self.guard.live(self.key, self.ask, policy=self.policy)
        return asked.__await__()


def read(key: str) -> Callable[[Callable[Concatenate[S, P], Awaitable[T]]], Callable[Concatenate[S, P], Read[T]]]:
    """Declare a query method as a read: called, it returns the `Read`, and nothing is asked yet."""

    def declared(query: Callable[Concatenate[S, P], Awaitable[T]]) -> Callable[Concatenate[S, P], Read[T]]:
        @functools.wraps(query)
        def method(subject: S, /, *given: P.args, **named: P.kwargs) -> Read[T]:
            return subject._read(key, functools.partial(query, subject, *given, **named))

        return method

    return declared


@dataclass(slots=True)
class Access:
    """The way to one project: the connections, its schema as far as it is known, the guard of live reads.

    `safety_shape`: that of the safety checks, once somebody asked for them.
    """

    calls: ApiCalls
    schema: Schema
    guard: Guard | None = None
    safety_shape: Shape | None = None


class Subject:
    """Reads of one subject. Methods with `@read` are one guarded call each, the others are made of such calls."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def sees_all(self) -> bool:
        """Return whether no row is hidden from us, so that an empty answer is proof."""
        return self._calls.sees_all

    @property
    def _calls(self) -> ApiCalls:
        return self._access.calls

    @property
    def _schema(self) -> Schema:
        return self._access.schema

    def _read(self, key: str, ask: Callable[[], Awaitable[T]], policy: Policy = _LIVE) -> Read[T]:
        """Return a read whose key or policy depends on its arguments."""
        return Read(key, ask, self._access.guard, policy)

    async def _proven(self, table: str, value: T, *, empty: bool) -> T:
        """Return what was read of a table. Raises Failed where it is empty and that proves nothing."""
        if empty:
            await self._calls.must_show(table)
        return value


LEAST_CAP: Final = 50
"""The smallest page size of an API: none returns fewer rows than this where there are more."""


def hundreds(ids: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the ids a hundred at a time: more would not fit into the URL of a request."""
    return batched(ids, 100)


def batched(ids: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    """Yield the ids `size` at a time."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
