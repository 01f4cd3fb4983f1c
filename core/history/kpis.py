"""The key figures, each beside its target; one that was not measured has no number."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.base.percentiles import percentile
from core.base.text import in_steps, plural, short
from core.domain.counts import SuccessRate
from core.domain.kpis import DAY, Kpi
from core.domain.periods import HISTORY_KEPT
from core.domain.status import Truth
from core.history.availability import Span
from core.history.incidents import Uptime, incidents, recovery, uptime

COVERED: Final = 0.9
"""The share of observed time below which uptime is not shown."""

LEAST_S: Final = 300.0
"""The observed time below which uptime is not shown, seconds."""

_UPTIME_TARGET: Final = 99.99
_SUCCESS_TARGET: Final = 95.0
_DAYS: Final = HISTORY_KEPT.days
_RECOVERY_TARGET_S: Final = 300.0
_CHECK_TARGET_S: Final = 2.0
_FEW: Final = 5


_WEEK: Final = "success_7d"


class KpiInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs of the figures besides the spans. `checks_s`: durations of recent checks, seconds; one of `limit_s` or
    more had no answer by then.

    `at`: when the project's part of it was read.
    """

    success_24h: SuccessRate | None = None
    success_7d: SuccessRate | None = None
    checks_s: tuple[float, ...] = ()
    limit_s: float = _CHECK_TARGET_S
    heals_ms: tuple[int, ...] | None = None
    false_rescues: int | None = None
    at: datetime | None = None


def kpis(spans: tuple[Span, ...], measured: KpiInputs, now: datetime) -> tuple[Kpi, ...]:
    """Return every figure, in the order of display."""
    told = (
        _success(_WEEK, "Success 7 d", measured.success_7d),
        _healing(measured.heals_ms),
        _rescues(measured.false_rescues),
    )
    success_7d, healing, rescues = (msgspec.structs.replace(kpi, at=measured.at) for kpi in told)
    return (
        *_uptime(spans, now),
        _success(DAY, "Success 24 h", measured.success_24h),
        success_7d,
        _recovery(spans, now),
        *_checks(measured.checks_s, measured.limit_s),
        healing,
        rescues,
    )


def with_day(figures: Iterable[Kpi], rate: SuccessRate | None, at: datetime | None) -> tuple[Kpi, ...]:
    """Return the figures with the success rate of the day as every other panel shows it: as it was read last, at `at`.

    The figures are computed more seldom than that is read: while much fails, that of the week is not good any more.
    """
    newest = _success(DAY, "Success 24 h", rate)

    def now(one: Kpi) -> Kpi:
        if one.name == newest.name:
            return msgspec.structs.replace(newest, at=at, recent=one.recent)
        older = one.at is not None and at is not None and one.at < at
        if one.name == _WEEK and older and newest.good is Truth.FALSE and one.good is Truth.TRUE:
            return msgspec.structs.replace(one, good=Truth.UNKNOWN)
        return one

    return tuple(map(now, figures))


def _uptime(spans: tuple[Span, ...], now: datetime) -> tuple[Kpi, ...]:
    first = spans[0].began if spans else now
    since = max(now - HISTORY_KEPT, first)
    seen = uptime(spans, since, now)
    window = short(now - since)
    note = f"seen {100 * seen.coverage:.0f} % of {window}"
    target = f"{_UPTIME_TARGET} %"
    enough = seen.coverage >= COVERED and seen.up_s + seen.down_s >= LEAST_S
    percent = seen.percent if enough else None
    if percent is None:
        note = f"only {in_steps(seen.up_s + seen.down_s)} observed" if spans else "not observed yet"
        return (
            Kpi(name="uptime", title="Uptime", target=target, high_is_good=True, note=note),
            Kpi(name="error_budget", title="Error budget", target="> 0 %", high_is_good=True, note=f"of {_DAYS} d"),
        )
    allowed_s = (1 - _UPTIME_TARGET / 100) * HISTORY_KEPT.total_seconds()
    left = 100.0 * (1 - seen.down_s / allowed_s)
    day = uptime(spans, max(since, now - timedelta(days=1)), now)
    burn = (day.down_s / (day.up_s + day.down_s) if day.up_s + day.down_s else 0.0) / (1 - _UPTIME_TARGET / 100)
    return (
        Kpi(
            name="uptime",
            title="Uptime",
            value=percent,
            text=f"{_floored(percent)} %",
            target=target,
            high_is_good=True,
            good=Truth.of(percent >= _UPTIME_TARGET),
            note=note,
        ),
        Kpi(
            name="error_budget",
            title="Error budget",
            value=left,
            text=f"{left:.0f} % left",
            target="> 0 %",
            high_is_good=True,
            good=Truth.of(left > 0),
            note=f"of {short(allowed_s)} in {_DAYS} d; burn rate {burn:.1f} over 24 h",
        ),
    )


def _floored(percent: float) -> str:
    """Format three decimals, never rounded up: 99.9999 is not 100."""
    return f"{int(percent * 1000) / 1000:.3f}"


def _success(name: str, title: str, rate: SuccessRate | None) -> Kpi:
    target = f"> {_SUCCESS_TARGET:.0f} %"
    if rate is None:
        return Kpi(name=name, title=title, target=target, high_is_good=True)
    percent = rate.percent if rate.finished >= _FEW else None
    if percent is None:
        few = f"only {rate.finished} finished"
        return Kpi(name=name, title=title, target=target, high_is_good=True, note=few)
    return Kpi(
        name=name,
        title=title,
        value=percent,
        text=rate.shown,
        target=target,
        high_is_good=True,
        good=Truth.of(percent > _SUCCESS_TARGET),
        note=f"of {rate.finished:,}",
    )


def _recovery(spans: tuple[Span, ...], now: datetime) -> Kpi:
    found = incidents(spans)
    told = recovery(found, now - HISTORY_KEPT)
    ongoing = next((one for one in found if one.ended is None), None)
    going = f"; one ongoing for {short(now - ongoing.began)}" if ongoing is not None else ""
    if told is None:
        none = f"none resolved yet{going}" if going else _none(uptime(spans, now - HISTORY_KEPT, now))
        return Kpi(name="mttr", title="MTTR", target="< 5 min", note=none)
    at_least = "≥ " if told.at_least else ""
    return Kpi(
        name="mttr",
        title="MTTR",
        value=told.mean_s,
        text=f"{at_least}{short(told.mean_s)}",
        target="< 5 min",
        good=Truth.of(told.mean_s < _RECOVERY_TARGET_S),
        note=f"mean of {plural(told.count, 'incident')}, median {short(told.median_s)}{going}",
    )


def _none(seen: Uptime) -> str:
    """Return the words for no incident, as far as was observed."""
    seen_s = seen.up_s + seen.down_s
    if not seen_s:
        return ""
    return f"no incident in {_DAYS} d" if seen.coverage >= COVERED else f"none in {in_steps(seen_s)} observed"


def _checks(took_s: tuple[float, ...], limit_s: float) -> tuple[Kpi, ...]:
    """Return the percentiles of the durations: of one that timed out no more is known than that it took so long."""
    late = sum(one >= limit_s for one in took_s)
    note = f"of {len(took_s):,}" + (f", {late:,} timed out" if late else "")
    return tuple(
        Kpi(
            name=f"check_p{share}",
            title=f"Check p{share}",
            value=(value := percentile(took_s, share)),
            text=f"{'≥ ' if value >= limit_s else ''}{1000 * value:.0f} ms",
            target="< 2 s",
            good=Truth.of(value < min(limit_s, _CHECK_TARGET_S)),
            note=note,
        )
        if took_s
        else Kpi(name=f"check_p{share}", title=f"Check p{share}", target="< 2 s")
        for share in (50, 95)
    )


def _healing(heals_ms: tuple[int, ...] | None) -> Kpi:
    if not heals_ms:
        return Kpi(name="healing", title="Healing time", note=f"no heal in {_DAYS} d" if heals_ms is not None else "")
    mean_s = sum(heals_ms) / len(heals_ms) / 1000
    return Kpi(
        name="healing", title="Healing time", value=mean_s, text=short(mean_s), note=f"mean of {len(heals_ms):,}"
    )


def _rescues(count: int | None) -> Kpi:
    if count is None:
        return Kpi(name="false_rescues", title="False heals", target="none")
    return Kpi(
        name="false_rescues",
        title="False heals",
        value=float(count),
        text=f"{count:,}",
        target="none",
        good=Truth.of(count == 0),
        note="in 7 d",
    )
