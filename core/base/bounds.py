"""Bounds and units of the numbers a setting may take: declared beside each setting, checked where settings are read."""

import math
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

_DAY_S: Final = 86_400.0

Period = Annotated[float, msgspec.Meta(ge=1, le=7 * _DAY_S, extra={"unit": "s"})]
"""A period between two runs of something, seconds."""

Tick = Annotated[float, msgspec.Meta(ge=0.05, le=60, extra={"unit": "s"})]
"""A period between two runs of something small, seconds."""

Limit = Annotated[float, msgspec.Meta(ge=0.1, le=3600, extra={"unit": "s"})]
"""The longest time one thing may take, seconds."""

Span = Annotated[float, msgspec.Meta(ge=0, le=366 * _DAY_S, extra={"unit": "s"})]
"""A duration, seconds; 0: not at all."""

Hours = Annotated[float, msgspec.Meta(ge=0.1, le=24 * 366, extra={"unit": "h"})]
Days = Annotated[float, msgspec.Meta(ge=1, le=3650, extra={"unit": "days"})]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100, extra={"unit": "%"})]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Factor = Annotated[float, msgspec.Meta(ge=0.1, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
WholeHours = Annotated[int, msgspec.Meta(ge=1, le=24 * 30, extra={"unit": "h"})]
Rows = Annotated[int, msgspec.Meta(ge=1, le=500, extra={"unit": "rows"})]
Connections = Annotated[int, msgspec.Meta(ge=1, le=64)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Megabytes = Annotated[float, msgspec.Meta(ge=1, le=1_000_000, extra={"unit": "MB"})]
Budget = Annotated[float, msgspec.Meta(ge=0.01, le=100_000, extra={"unit": "GB"})]
Milliseconds = Annotated[float, msgspec.Meta(ge=1, le=60_000, extra={"unit": "ms"})]


def bounds_of(kind: Any) -> msgspec.Meta | None:
    """Return the bounds in a setting's type; `None` for a type that is no bounded number."""
    if get_origin(kind) is not Annotated:
        return None
    return next((meta for meta in get_args(kind)[1:] if isinstance(meta, msgspec.Meta)), None)


def unit_of(kind: Any) -> str:
    """Return the unit a setting's type declares, such as `s` or `MB`; empty for what has none."""
    meta = bounds_of(kind)
    return str((meta.extra or {}).get("unit", "")) if meta is not None else ""


def out_of_bounds(value: Any, kind: Any) -> str:
    """Return the bounds that `value` violates, in words; empty where it is within them."""
    if isinstance(value, float) and not math.isfinite(value):
        return in_words(bounds_of(kind)) or "a finite number"
    meta = bounds_of(kind)
    if meta is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    low = (meta.ge is None or value >= meta.ge) and (meta.gt is None or value > meta.gt)
    high = (meta.le is None or value <= meta.le) and (meta.lt is None or value < meta.lt)
    return "" if low and high else in_words(meta)


def in_words(meta: msgspec.Meta | None) -> str:
    """Return bounds for people: `from 1 to 3,650`; empty without any."""
    if meta is None:
        return ""
    least = _limit(("above", meta.gt), ("from", meta.ge))
    most = _limit(("below", meta.lt), ("to", meta.le))
    return " ".join(part for part in (least, most) if part)


def _limit(*limits: tuple[str, float | None]) -> str:
    return next((f"{word} {_number(value)}" for word, value in limits if value is not None), "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"
