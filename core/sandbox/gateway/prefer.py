"""The `Prefer`, `Range` and `Accept` headers: how a request wants its answer."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from core.sandbox.gateway.errors import ApiError, bad_request

MAX_ROWS: Final = 1000
"""A read returns at most this many rows, as on Supabase."""

_KNOWN: Final = {
    "return": {"minimal", "representation", "headers-only"},
    "resolution": {"merge-duplicates", "ignore-duplicates"},
    "count": {"exact", "planned", "estimated"},
    "missing": {"default", "null"},
    "handling": {"strict", "lenient"},
    "tx": {"commit", "rollback"},
}


class Prefer(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, defaults filled in."""

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


class Window(msgspec.Struct, frozen=True):
    """Which rows of the result: from `offset`, `limit` at most."""

    offset: int
    limit: int


def read_window(params: Mapping[str, str], range_header: str) -> Window:
    """`limit`/`offset`, else the `Range` header, capped. Raises ApiError (PGRST103, PGRST100)."""
    offset, limit = 0, MAX_ROWS
    match = re.fullmatch(r"(?:items=)?(\d+)-(\d*)", range_header.strip())
    if match:
        offset = int(match[1])
        if match[2]:
            limit = int(match[2]) - offset + 1
            if limit < 1:
                raise ApiError(416, "PGRST103", "Requested range not satisfiable", details="The lower boundary must be lower than or equal to the upper boundary in the Range header.")  # fmt: skip  # noqa: E501
    for key in ("offset", "limit"):
        if key in params and not re.fullmatch(r"-?\d+", params[key]):
            raise bad_request(f'"failed to parse {key} ({params[key]})"')
    offset = int(params.get("offset", offset))
    limit = int(params.get("limit", limit))
    if offset < 0 or limit < 0:
        details = "Limit should be greater than or equal to zero." if limit < 0 else "Offset should not be negative."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details=details)
    return Window(offset, min(limit, MAX_ROWS))


def wants_one(accept: str) -> bool:
    """Whether a single object was asked for. Raises ApiError (PGRST107) for what cannot be sent."""
    media = [part.split(";")[0].strip() for part in accept.split(",")] or ["*/*"]
    if "application/vnd.pgrst.object+json" in media or "application/vnd.pgrst.object" in media:
        if "nulls=stripped" in accept:
            raise ApiError(406, "PGRST107", f"None of these media types are available: {accept}")
        return True
    if not any(one in {"*/*", "application/*", "application/json", ""} for one in media):
        raise ApiError(406, "PGRST107", f"None of these media types are available: {accept}")
    return False
