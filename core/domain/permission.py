"""The permission to act without a person, decided here alone, with every reason against it."""

from typing import Final

import msgspec

from core.domain.lease import LeaseView

_WHY: Final = {
    "autonomous": "autonomous mode is off",
    "dry_run": "the watchdog's dry-run is on",
    "observing": "started with --observe",
    "lease": "this monitor does not hold the lease: another one may be acting",
    "stop": "an emergency stop is set",
    "brake": "too many tasks are stuck at once, a person must look first",
}
"""What keeps it from acting, by the names of `status --json`."""

_SETS: Final = {"autonomous": "VITE_AUTONOMOUS_MODE", "dry_run": "VITE_AUTONOMOUS_DRY_RUN"}
"""The settings that change it."""


class MayAct(msgspec.Struct, frozen=True, kw_only=True):
    """The permission to act without a person, and the conditions that are missing.

    `stop_unknown`: whether an emergency stop is set is not known, which counts as if one were.
    """

    allowed: bool = False
    missing: tuple[str, ...] = ("autonomous",)
    stop_unknown: bool = False


def why_not(may: MayAct, lease: LeaseView) -> tuple[str, ...]:
    """Return what keeps it from acting without a person, in words; nothing where it may."""
    return tuple(_why(name, may, lease) for name in may.missing)


def auto_heal(may: MayAct, lease: LeaseView) -> tuple[str, ...]:
    """Return whether it heals and stops without a person, and why not: the longest text first."""
    if may.allowed:
        return ("auto-heal on",)
    first, *rest = why_not(may, lease) or ("not known yet",)
    more = f", and {len(rest)} more" if rest else ""
    whole = f"auto-heal off: {'; '.join((first, *rest))}"
    settings = ", ".join(_SETS[name] for name in may.missing if name in _SETS)
    told = (f"{whole} ({settings})" if settings else whole, whole, f"auto-heal off: {first}{more}", "auto-heal off")
    return tuple(dict.fromkeys(told))


def _why(name: str, may: MayAct, lease: LeaseView) -> str:
    if name == "stop" and may.stop_unknown:
        return "not known whether an emergency stop is set"
    if name == "lease" and lease.why:
        return f"no lease: {lease.why}"
    if name == "lease" and lease.holder and not lease.mine:
        return f"{lease.holder} on {lease.host} holds the lease"
    return _WHY.get(name, name)


def who_acts(lease: LeaseView, may: MayAct) -> str:
    """Return who heals and stops without a person at present, in words."""
    if may.allowed:
        return "this monitor heals and stops automatically"
    if lease.holder and not lease.mine and lease.acts:
        return f"{lease.holder} on {lease.host} heals and stops automatically"
    return f"no monitor does; a person must act ({'; '.join(why_not(may, lease))})"


def may_act(
    *, autonomous: bool, dry_run: bool, observing: bool, lease: bool, stopped: bool | None, braked: bool
) -> MayAct:
    """Check all conditions at once. `stopped` is `None` while it is not known live, which counts against acting."""
    stands = {
        "autonomous": autonomous,
        "dry_run": not dry_run,
        "observing": not observing,
        "lease": lease,
        "stop": stopped is False,
        "brake": not braked,
    }
    missing = tuple(name for name, fine in stands.items() if not fine)
    return MayAct(allowed=not missing, missing=missing, stop_unknown=stopped is None)
