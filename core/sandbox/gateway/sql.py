"""A growing SQL text with its parameters. Values are always parameters; names are quoted here and nowhere else."""

from typing import Any

import msgspec


class Sql(msgspec.Struct, frozen=True):
    """A piece of SQL with `%s` places and the parameters for them."""

    text: str
    params: tuple[Any, ...] = ()

    def __add__(self, other: "Sql | str") -> "Sql":
        more = other if isinstance(other, Sql) else Sql(other)
        return Sql(self.text + more.text, self.params + more.params)

    def __radd__(self, other: str) -> "Sql":
        return Sql(other + self.text, self.params)


def name(word: str) -> str:
    """Return an identifier, quoted."""
    return '"' + word.replace('"', '""').replace("%", "%%") + '"'


def value(text: str) -> Sql:
    """Return a value whose type the server infers, as it would for a literal."""
    return Sql("%s", (text,))


def literal(text: str) -> str:
    """Return a text constant, quoted: only for JSON keys, which cannot be parameters of an inferred type."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def join(separator: str, parts: list[Sql]) -> Sql:
    """Return all parts with `separator` between them."""
    return Sql(separator.join(part.text for part in parts), tuple(p for part in parts for p in part.params))
