"""The `Prefer`, `Range` and `Accept` headers: the form of the answer."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from core.sandbox.gateway.errors import ApiError, bad_request

_KNOWN: Final = {
    "return": {"minimal", "representation", "headers-only"},
    "resolution": {"merge-duplicates", "ignore-duplicates"},
    "count": {"exact", "planned", "estimated"},
    "missing": {"default", "null"},
    "handling": {"strict", "lenient"},
    "tx": {"commit", "rollback"},
}


class Prefer(msgspec.Struct, frozen=True, kw_only=True):
    """The preferences of a request, defaults filled in."""

    returns: str = "minimal"
    resolution: str = ""
    count: str = ""
    missing: str = "null"
    max_affected: int | None = None


def read_prefer(header: str) -> Prefer:
    """Parse `Prefer`. Unknown ones are ignored, unless handling is strict. Raises ApiError (PGRST122)."""
    given: dict[str, str] = {}
    unknown: list[str] = []
    most: int | None = None
    for item in (part.strip() for part in header.split(",") if part.strip()):
        key, _, word = item.partition("=")
        if key == "max-affected" and word.isdigit():
            most = int(word)
        elif word in _KNOWN.get(key, ()):
            given.setdefault(key, word)
        elif key != "timezone":
            unknown.append(item)
    strict = given.get("handling") == "strict"
    if strict and unknown:
        raise bad_request(
            "Invalid preferences given with handling=strict", "PGRST122", f"Invalid preferences: {', '.join(unknown)}"
        )
    return Prefer(
        returns=given.get("return", "minimal"),
        resolution=given.get("resolution", ""),
        count=given.get("count", ""),
        missing=given.get("missing", "null"),
        max_affected=most if strict else None,
    )


class RowRange(msgspec.Struct, frozen=True):
    """A range of the result's rows: from `offset`, `limit` at most."""

    offset: int
    limit: int


def read_window(params: Mapping[str, str], range_header: str, max_rows: int) -> RowRange:
    """Parse `limit`/`offset`, else the `Range` header, capped at `max_rows`. Raises ApiError (PGRST103, PGRST100)."""
    offset, limit = 0, max_rows
    match = re.fullmatch(r"(?:items=)?(\d+)-(\d*)", range_header.strip())
    if match:
        offset = int(match[1])
        if match[2]:
            limit = int(match[2]) - offset + 1
            if limit < 1:
                raise ApiError(416, "PGRST103", "Requested range not satisfiable", details="The lower boundary must be lower than or equal to the upper boundary in the Range header.")  # fmt: skip  # noqa: E501 - one answer, word for word
    for key in ("offset", "limit"):
        if key in params and not re.fullmatch(r"-?\d+", params[key]):
            raise bad_request(f'"failed to parse {key} ({params[key]})"')
    offset = int(params.get("offset", offset))
    limit = int(params.get("limit", limit))
    if offset < 0 or limit < 0:
        details = "Limit should be greater than or equal to zero." if limit < 0 else "Offset should not be negative."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details=details)
    return RowRange(offset, min(limit, max_rows))


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the answer: JSON rows unless it is one object, CSV or the query's plan (`json` or `text`)."""

    one: bool = False
    stripped: bool = False
    csv: bool = False
    plan: str = ""
    options: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The answer's content type."""
        if self.csv:
            return "text/csv; charset=utf-8"
        if self.plan:
            return f"application/vnd.pgrst.plan+{self.plan}; charset=utf-8"
        stripped = ";nulls=stripped" if self.stripped else ""
        if self.one:
            return f"application/vnd.pgrst.object+json{stripped}; charset=utf-8"
        return f"application/{'vnd.pgrst.array+' if stripped else ''}json{stripped}; charset=utf-8"


_PLAN_OPTIONS: Final = {"analyze", "verbose", "settings", "buffers", "wal"}


def read_media(accept: str) -> Media:
    """Parse the `Accept` header: the first form that can be sent. Raises ApiError (PGRST107) when there is none."""
    for part in accept.split(","):
        kind, *rest = (word.strip() for word in part.split(";"))
        given = {key.strip(): text.strip(' "') for key, _, text in (word.partition("=") for word in rest)}
        stripped = given.get("nulls") == "stripped"
        if kind in {"*/*", "application/*", "application/json", ""}:
            return Media()
        if kind in {"application/vnd.pgrst.object+json", "application/vnd.pgrst.object"}:
            return Media(one=True, stripped=stripped)
        if kind in {"application/vnd.pgrst.array+json", "application/vnd.pgrst.array"}:
            return Media(stripped=stripped)
        if kind == "text/csv":
            return Media(csv=True)
        plan = re.fullmatch(r"application/vnd\.pgrst\.plan(?:\+(json|text))?", kind)
        options = tuple(word for word in given.get("options", "").split("|") if word)
        if plan and set(options) <= _PLAN_OPTIONS and given.get("for", "application/json") == "application/json":
            return Media(plan=plan[1] or "text", options=options)
    raise ApiError(406, "PGRST107", f"None of these media types are available: {accept}")
