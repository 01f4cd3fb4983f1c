"""May it act by itself? Decided here and nowhere else, with every reason that stands against it."""

from typing import Final

import msgspec

REASONS: Final = {
    "autonomous": "autonomous mode is off (VITE_AUTONOMOUS_MODE)",
    "dry_run": "dry-run is on (VITE_AUTONOMOUS_DRY_RUN)",
    "observing": "started with --observe",
    "lease": "no lease: another monitor may be acting",
    "stop": "an emergency stop is set, or its state is not known",
    "brake": "braked: too many tasks at once",
}
"""What stands against acting, by the names of `status --json`."""


class MayAct(msgspec.Struct, frozen=True, kw_only=True):
    """May it act by itself, and if not, which of the conditions are missing."""

    allowed: bool = False
    missing: tuple[str, ...] = ("autonomous",)


def may_act(
    *, autonomous: bool, dry_run: bool, observing: bool, lease: bool, stopped: bool | None, braked: bool
) -> MayAct:
    """All conditions at once. `stopped` is `None` while it is not known live, which counts against acting."""
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
