"""What was odd about rows that came in, kept until somebody says it to the operator: each thing once, and not all."""

from typing import Final, Protocol, TypeVar

MOST: Final = 50
"""A table may be full of odd rows: of so many it is said, then only that there are more."""


class Read(Protocol):
    """A record of a row. `odd`: what is odd about it."""

    @property
    def id(self) -> str: ...

    @property
    def odd(self) -> tuple[str, ...]: ...


R = TypeVar("R", bound=Read)


class Oddities:
    """Collects them for one process."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str]] = set()
        self._unsaid: list[str] = []

    def see(self, noun: str, record: R) -> R:
        """Take note of what is odd about a record, and give it back. `noun`: what such a row is called."""
        for words in record.odd:
            self.note(noun, record.id, words)
        return record

    def note(self, noun: str, name: str, words: str) -> None:
        """Take note of one thing about the row called `name`."""
        key = (noun, name, words)
        if key in self._known or len(self._known) > MOST:
            return
        self._known.add(key)
        more = len(self._known) > MOST
        self._unsaid.append(f"more rows are odd than these {MOST}" if more else f"odd {noun} {name}: {words}")

    def drain(self) -> tuple[str, ...]:
        """What was not said yet, the oldest first."""
        unsaid, self._unsaid = self._unsaid, []
        return tuple(unsaid)
