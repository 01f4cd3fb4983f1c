"""The difference between a project's simulated completions and real ones.

In dry-run its agents mark tasks `completed` without doing them: the result says so, and a log row of the task has the
environment `dry_run`. Not every shape has both; `schema` finds out which of them a project has.
"""

from typing import Any, Final

import msgspec

from core.backend.conditions import quoted
from core.backend.tables import LOGS

MARK: Final = "DRY RUN"
"""The beginning of a simulated result."""

BEHIND: Final = "DRY RUO"
"""The first text that sorts after all that begin with `MARK`."""

TEXTS: Final = ("message", "summary", "output")
"""Fields in which a result that is an object has its text."""


class Telltale(msgspec.Struct, frozen=True):
    """The marks of a simulated completion: the task's result, the environment of its log rows, or either."""

    results: bool = False
    environments: bool = False

    @property
    def any(self) -> bool:
        """Return whether simulated completions can be told at all."""
        return self.results or self.environments

    def select(self, columns: str) -> str:
        """Return `columns` of tasks, with the columns that the conditions need."""
        return f"{columns},{LOGS}()" if self.environments else columns

    def joined(self, query: Any) -> Any:
        """Return `query` of `select`, with the log rows that the conditions need."""
        return query.eq(f"{LOGS}.environment", "dry_run") if self.environments else query

    def simulated(self) -> str:
        """Return the condition that a completion was simulated, as one term of `or`."""
        terms = [f"{LOGS}.not.is.null"] if self.environments else []
        if self.results:
            terms.append(f"and(result.gte.{_json(MARK)},result.lt.{_json(BEHIND)})")
            terms += [f"result->>{key}.like.{quoted(MARK + '%')}" for key in TEXTS]
        return f"or({','.join(terms)})"

    def real(self) -> str:
        """Return the condition that a completion was real, as one term of `or`: null counts as real."""
        terms = [f"{LOGS}.is.null"] if self.environments else []
        if self.results:
            terms.append(f"or(result.is.null,result.lt.{_json(MARK)},result.gte.{_json(BEHIND)})")
            terms += [f"or(result->>{key}.is.null,result->>{key}.not.like.{quoted(MARK + '%')})" for key in TEXTS]
        return f"and({','.join(terms)})"

    def left_out(self, query: Any, *, but: str = "") -> Any:
        """Return `query` of `select` without what was simulated; `but`: a condition of rows that stay all the same."""
        if not self.any:
            return query
        return self.joined(query).or_(f"{but},{self.real()}" if but else self.real())


def _json(text: str) -> str:
    """Return `text` as a JSON string, quoted as a value within conditions."""
    return quoted(f'"{text}"')
