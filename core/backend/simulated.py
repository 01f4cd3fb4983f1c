"""The difference between a project's simulated completions and real ones.

In dry-run its agents mark tasks `completed` without doing them: the result says so, and a log row of the task has the
environment `dry_run`. One that ran for real later keeps that row: it counts as real where both its result and a log row
of the end of a run say so. Not every shape has both; `schema` finds out which of them a project has.
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

ENDED_STEP: Final = "task_completed"
"""The step that the agents log when a run of theirs ends well."""

_PRETENDED: Final = "pretended"
_DONE: Final = "done"
"""Log rows of a task as a query calls them: of runs in dry-run, and of those that ended outside of it."""


class Telltale(msgspec.Struct, frozen=True):
    """The marks of a simulated completion: the task's result, the environment of its log rows, or either."""

    results: bool = False
    environments: bool = False
    proofs: bool = True
    """Whether a run that ended outside of dry-run is looked for too; without, more counts as simulated than is."""

    @property
    def any(self) -> bool:
        """Return whether simulated completions can be told at all."""
        return self.results or self.environments

    def select(self, columns: str) -> str:
        """Return `columns` of tasks, with the columns that the conditions need."""
        if not self.environments:
            return columns
        return f"{columns},{_PRETENDED}:{LOGS}()" + (f",{_DONE}:{LOGS}()" if self._proves else "")

    def joined(self, query: Any) -> Any:
        """Return `query` of `select`, with the log rows that the conditions need."""
        if not self.environments:
            return query
        query = query.eq(f"{_PRETENDED}.environment", "dry_run")
        return done_for_real(query, f"{_DONE}.") if self._proves else query

    def simulated(self) -> str:
        """Return the condition that a completion was simulated, as one term of `or`."""
        terms = [f"and({_PRETENDED}.not.is.null,{self._unproven()})"] if self.environments else []
        if self.results:
            terms.append(f"and(result.gte.{_json(MARK)},result.lt.{_json(BEHIND)})")
            terms += [f"result->>{key}.like.{quoted(MARK + '%')}" for key in TEXTS]
        return f"or({','.join(terms)})"

    def real(self) -> str:
        """Return the condition that a completion was real, as one term of `or`: null counts as real."""
        terms = [f"or({_PRETENDED}.is.null,{self._proven()})"] if self.environments else []
        if self.results:
            terms.append(f"or(result.is.null,result.lt.{_json(MARK)},result.gte.{_json(BEHIND)})")
            terms += [f"or(result->>{key}.is.null,result->>{key}.not.like.{quoted(MARK + '%')})" for key in TEXTS]
        return f"and({','.join(terms)})"

    def left_out(self, query: Any, *, but: str = "") -> Any:
        """Return `query` of `select` without what was simulated; `but`: a condition of rows that stay all the same."""
        if not self.any:
            return query
        return self.joined(query).or_(f"{but},{self.real()}" if but else self.real())

    @property
    def _proves(self) -> bool:
        return self.results and self.proofs

    def _unproven(self) -> str:
        return f"or({_DONE}.is.null,result.is.null)" if self._proves else f"{_PRETENDED}.not.is.null"

    def _proven(self) -> str:
        return f"and({_DONE}.not.is.null,result.not.is.null)" if self._proves else f"{_PRETENDED}.is.null"


def done_for_real(query: Any, within: str = "") -> Any:
    """Return `query` of log rows, only with those of a run that ended well outside of dry-run.

    `within`: the name of the log rows and a dot, where they are a part of other rows.
    """
    return query.eq(f"{within}execution_step", ENDED_STEP).neq(f"{within}environment", "dry_run")


def _json(text: str) -> str:
    """Return `text` as a JSON string, quoted as a value within conditions."""
    return quoted(f'"{text}"')
