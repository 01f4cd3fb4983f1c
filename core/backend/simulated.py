"""How a project's simulated completions are told from real ones.

In dry-run its agents mark tasks `completed` without doing them: the result says so, and a log row of the task has the
environment `dry_run`. Not every shape has both; which of them a project has is found out by asking.
"""

from typing import Any, Final

import msgspec

from core.backend.conditions import quoted
from core.backend.tables import LOGS

MARK: Final = "DRY RUN"
"""What a result begins with."""

_BEHIND: Final = "DRY RUO"
"""The first text behind all that begin so."""

_TEXTS: Final = ("message", "summary", "output")
"""Where a result that is an object has its text."""


class Telltale(msgspec.Struct, frozen=True):
    """What tells a simulated completion: the task's result, the environment of its log rows, or either."""

    results: bool = False
    environments: bool = False

    @property
    def any(self) -> bool:
        """Whether they can be told at all."""
        return self.results or self.environments

    def select(self, columns: str) -> str:
        """`columns` of tasks, and what the conditions go by besides."""
        return f"{columns},{LOGS}()" if self.environments else columns

    def joined(self, query: Any) -> Any:
        """`query` of `select`, with the log rows it goes by."""
        return query.eq(f"{LOGS}.environment", "dry_run") if self.environments else query

    def simulated(self) -> str:
        """The condition that a completion was simulated, as one term of `or`."""
        terms = [f"{LOGS}.not.is.null"] if self.environments else []
        if self.results:
            terms.append(f"and(result.gte.{_json(MARK)},result.lt.{_json(_BEHIND)})")
            terms += [f"result->>{key}.like.{quoted(MARK + '%')}" for key in _TEXTS]
        return f"or({','.join(terms)})"

    def real(self) -> str:
        """The condition that it was not, as one term of `or`: what is null is no mark."""
        terms = [f"{LOGS}.is.null"] if self.environments else []
        if self.results:
            terms.append(f"or(result.is.null,result.lt.{_json(MARK)},result.gte.{_json(_BEHIND)})")
            terms += [f"or(result->>{key}.is.null,result->>{key}.not.like.{quoted(MARK + '%')})" for key in _TEXTS]
        return f"and({','.join(terms)})"

    def left_out(self, query: Any, *, but: str = "") -> Any:
        """`query` of `select` without what was simulated; `but`: a condition of rows that stay all the same."""
        if not self.any:
            return query
        return self.joined(query).or_(f"{but},{self.real()}" if but else self.real())


def _json(text: str) -> str:
    """`text` as a JSON string, quoted as a value within conditions."""
    return quoted(f'"{text}"')
