"""Oddities of rows that came in, kept until they are shown to the operator: each once, and a limited number."""

from typing import Final, Protocol, TypeVar

MOST: Final = 50
"""The number of oddities that are reported; after that only that there are more."""


class RowRecord(Protocol):
    """A record of a row. `odd`: its oddities."""

    @property
    def id(self) -> str: ...

    @property
    def odd(self) -> tuple[str, ...]: ...


R = TypeVar("R", bound=RowRecord)


class Oddities:
    """Collects oddities for one process."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str]] = set()
        self._unsaid: list[str] = []

    def see(self, noun: str, record: R) -> R:
        """Note what is odd about a record, and return it. `noun`: the name for such a row."""
        for words in record.odd:
            self.note(noun, record.id, words)
        return record

    def note(self, noun: str, name: str, words: str) -> None:
        """Note one oddity of the row called `name`."""
        key = (noun, name, words)
        if key in self._known or len(self._known) > MOST:
            return
        self._known.add(key)
        more = len(self._known) > MOST
        self._unsaid.append(f"more rows are odd than these {MOST}" if more else f"odd {noun} {name}: {words}")

    def drain(self) -> tuple[str, ...]:
        """Return the oddities that were not shown yet, the oldest first."""
        unsaid, self._unsaid = self._unsaid, []
        return tuple(unsaid)
