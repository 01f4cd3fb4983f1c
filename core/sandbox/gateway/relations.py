"""Relations between tables: foreign keys from one to another, in either direction or across a third."""

from collections.abc import Iterator

import msgspec

from core.sandbox.gateway.catalogue import Catalogue, ForeignKey
from core.sandbox.gateway.errors import ApiError


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation from `origin` to `target`: column pairs to compare, or two steps across the table `across`.

    `one`: at most one row of the target belongs to a row of the origin.
    """

    cardinality: str
    origin: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    one: bool
    names: frozenset[str]
    key: str
    across: str = ""
    across_pairs: tuple[tuple[str, str], ...] = ()
    """(column of `across`, column of the target)."""

    def described(self) -> dict[str, str]:
        """Return the form in which PostgREST lists it among the candidates."""
        return {
            "cardinality": self.cardinality,
            "embedding": f"{self.origin} with {self.target}",
            "relationship": f"{self.key} using {self.origin}({', '.join(a for a, _ in self.pairs)})"
            f" and {self.across or self.target}({', '.join(b for _, b in self.pairs)})",
        }


def find_relation(catalogue: Catalogue, origin: str, wanted: str, hint: str) -> Relation:
    """Return the one relation from `origin` that `wanted` (a table, a column or a foreign key) and `hint` mean.

    Raises ApiError: PGRST200 for none, PGRST201 (300) for several.
    """
    found = [one for one in _from(catalogue, origin, wanted) if not hint or hint in one.names]
    if len(found) == 1:
        return found[0]
    if not found:
        told = f"Searched for a foreign key relationship between '{origin}' and '{wanted}'"
        raise ApiError(
            400,
            "PGRST200",
            f"Could not find a relationship between '{origin}' and '{wanted}' in the schema cache",
            details=f"{told}{f' using the hint {hint!r}' if hint else ''} in the schema 'public',"
            " but no matches were found.",
        )
    words = ", ".join(f"'{wanted}!{one.key}'" for one in found)
    raise ApiError(
        300,
        "PGRST201",
        f"Could not embed because more than one relationship was found for '{origin}' and '{wanted}'",
        details=[one.described() for one in found],
        hint=f"Try changing '{wanted}' to one of the following: {words}. Find the desired relationship in the"
        " 'details' key.",
    )


def _from(catalogue: Catalogue, origin: str, wanted: str) -> Iterator[Relation]:
    """Yield every relation from `origin` that goes by the name `wanted`."""
    keys = catalogue.foreign_keys
    for key in keys:
        if key.table == origin and wanted in {key.target, key.name, *key.columns[: len(key.columns) == 1]}:
            yield _outward(key)
        if key.target == origin and wanted in {key.table, key.name}:
            yield _inward(key)
    for first in keys:
        for second in keys:
            if first is not second and first.target == origin and second.target == wanted:
                yield from _across(catalogue, first, second)


def _outward(key: ForeignKey) -> Relation:
    return Relation(
        cardinality="one-to-one" if key.unique else "many-to-one",
        origin=key.table,
        target=key.target,
        pairs=tuple(zip(key.columns, key.target_columns, strict=True)),
        one=True,
        names=frozenset({key.name, *key.columns, *key.target_columns}),
        key=key.name,
    )


def _inward(key: ForeignKey) -> Relation:
    return Relation(
        cardinality="one-to-one" if key.unique else "one-to-many",
        origin=key.target,
        target=key.table,
        pairs=tuple(zip(key.target_columns, key.columns, strict=True)),
        one=key.unique,
        names=frozenset({key.name, *key.columns, *key.target_columns}),
        key=key.name,
    )


def _across(catalogue: Catalogue, first: ForeignKey, second: ForeignKey) -> Iterator[Relation]:
    """Yield many-to-many relations: across a table whose primary key holds both foreign keys."""
    if first.table != second.table or not {*first.columns, *second.columns} <= set(catalogue.tables[first.table].key):
        return
    yield Relation(
        cardinality="many-to-many",
        origin=first.target,
        target=second.target,
        pairs=tuple(zip(first.target_columns, first.columns, strict=True)),
        one=False,
        names=frozenset({first.table, first.name, second.name}),
        key=first.table,
        across=first.table,
        across_pairs=tuple(zip(second.columns, second.target_columns, strict=True)),
    )
