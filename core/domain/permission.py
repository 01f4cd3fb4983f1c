"""The permission to act without a person, decided here alone, with every reason against it."""

from typing import Final

import msgspec

from core.domain.lease import LeaseView

REASONS: Final = {
    "autonomous": "autonomous mode is off (VITE_AUTONOMOUS_MODE)",
    "dry_run": "dry-run is on (VITE_AUTONOMOUS_DRY_RUN)",
    "observing": "started with --observe",
    "lease": "no lease: another monitor may be acting",
    "stop": "an emergency stop is set, or its state is not known",
    "brake": "braked: too many tasks at once",
}
"""Reasons against acting, by the names of `status --json`."""


class MayAct(msgspec.Struct, frozen=True, kw_only=True):
    """The permission to act without a person, and the conditions that are missing."""

    allowed: bool = False
    missing: tuple[str, ...] = ("autonomous",)


def who_acts(lease: LeaseView, may: MayAct) -> str:
    """Return who heals and stops without a person at present, in words."""
    if may.allowed:
        return "this monitor heals and stops by itself"
    if lease.holder and not lease.mine and lease.acts:
        return f"{lease.holder} on {lease.host} heals and stops by itself"
    return "nobody by itself: " + "; ".join(REASONS.get(name, name) for name in may.missing)


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
    return MayAct(allowed=not missing, missing=missing)
