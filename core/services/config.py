"""The configuration of a monitor, composed from the settings of every package."""

from pathlib import Path
from typing import Any, Final

import msgspec

from core.actions.conflicts import ConflictRules
from core.actions.lease import LeaseRules
from core.actions.repairs import HealRules
from core.alerting.recipients import problems
from core.alerting.settings import AlertRules
from core.backend.client import RequestLimits
from core.backend.sessions import SessionFile
from core.backend.target import COLOUR_NAME, FUNCTION_KEY_NAME, Target, read_target, signed_in
from core.base.bounds import Budget, Limit, Period, Rows, Share, Span
from core.base.directories import cache_directory, state_directory
from core.base.renamed_settings import with_new_fields, with_new_names
from core.base.settings import Layers, SettingsError, flag, variable_of
from core.checks.settings import WatchRules
from core.domain.failure_rate import FailureRules
from core.domain.stuck import StuckRules
from core.history.blackbox import BlackboxRules
from core.resilience import BreakerRules
from core.services.self_limits import SelfRules

SWITCHES: Final[dict[str, tuple[tuple[str, ...], bool]]] = {
    "autonomous": (("WATCHDESK_AUTONOMOUS", "VITE_AUTONOMOUS_MODE"), False),
    "dry_run": (("WATCHDESK_DRY_RUN", "VITE_AUTONOMOUS_DRY_RUN"), True),
}
"""Switches that only the environment has: their names, of which the first that is set counts, and the default."""


_DURABLE: Final = ("state", "sessions", "blackbox", "rows", "reports")


class Places(msgspec.Struct, frozen=True):
    """The directories of this machine's files: the cache, which may be deleted at any time, the durable state, the
    sessions of `login`, the black box, and rows and reports that an operator saved."""

    cache: Path
    state: Path
    sessions: Path
    blackbox: Path
    rows: Path
    reports: Path

    @classmethod
    def of_platform(cls) -> "Places":
        """Return the user's own directories. Raises SettingsError."""
        cache, state = cache_directory(), state_directory()
        return cls(cache, *(state / name for name in _DURABLE))

    @classmethod
    def within(cls, root: Path) -> "Places":
        """Return directories that are all below `root`."""
        return cls(root / "cache", *(root / name for name in _DURABLE))


class RefreshRules(msgspec.Struct, frozen=True, kw_only=True):
    """Periods and sizes of what the live panels read. Section `refresh` of the settings."""

    period_s: Period = 5.0
    """The period in which the panels are read while somebody looks or something is wrong."""
    idle_period_s: Period = 15.0
    """The same while all is well and no key was pressed for `attention_s`."""
    unfocused_period_s: Period = 30.0
    """The same while all is well and the terminal says that it has lost the focus."""
    attention_s: Span = 600.0
    """The time after a key for which somebody counts as looking."""
    slow_period_s: Period = 30.0
    """The same for what seldom changes."""
    budget_gb: Budget = 2.0
    """The gigabytes that watching may receive a month; a rate above it makes the period longer."""
    total_s: Limit = 8.0
    """The longest time one round of reads takes."""
    jitter: Share = 0.1
    """The share by which the period varies."""
    tasks: Rows = 50
    """The newest tasks that the dashboard reads."""
    logs: Rows = 50
    """The newest log rows that the dashboard reads."""
    blind_after_s: Span = 15.0
    """The time without any answer after which the project's state counts as unknown."""
    person_wait_s: Period = 60.0
    """The pause of a poll after an answered refusal: only a person can change it."""


class ServiceRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is measured by others. Section `service` of the settings."""

    metrics: str = ""
    """Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9464; empty: nowhere."""
    token: str = ""
    """What who asks for them must send as bearer token; an address that other machines reach needs one."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a monitor is built from."""

    target: Target
    autonomous: bool = False
    """Let the watchdog heal and stop by itself."""
    dry_run: bool = True
    """Only show and audit what the watchdog would do by itself."""
    observe: bool = False
    """Write nothing at all, not even the lease."""
    trouble: str = ""
    """Problems with configuration that was found but not used, in words."""
    only_looks: bool = False
    """Observe only: refuse every action, even one about this machine alone or one that would allow actions."""
    unattended: bool = False
    """It runs without a screen: a service."""
    limits: RequestLimits = RequestLimits()
    breaker: BreakerRules = BreakerRules()
    watch: WatchRules = WatchRules()
    stuck: StuckRules = StuckRules()
    failures: FailureRules = FailureRules()
    heal: HealRules = HealRules()
    lease: LeaseRules = LeaseRules()
    conflicts: ConflictRules = ConflictRules()
    refresh: RefreshRules = RefreshRules()
    alerts: AlertRules = AlertRules()
    blackbox: BlackboxRules = BlackboxRules()
    self_monitoring: SelfRules = SelfRules()
    service: ServiceRules = ServiceRules()


SECTIONS: Final[dict[str, type[msgspec.Struct]]] = {
    field.name: field.type
    for field in msgspec.structs.fields(Config)
    if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct) and field.type is not Target
}
"""The sections of settings, by name."""

RENAMED: Final = {"own": "self_monitoring", "fights": "conflicts"}
"""Old names of sections, with their new ones; they go with the release after 0.1."""

RENAMED_FIELDS: Final = {("keys", "lift"): "resume"}
"""The same of single settings, by section and old name."""

SINGLE_NAMES: Final = (COLOUR_NAME, FUNCTION_KEY_NAME, *(names[0] for names, _ in SWITCHES.values()))
"""Settings of the environment that belong to no section."""


def renamed(layers: Layers) -> Layers:
    """Return the layers with what stands under an old name under its new one. Raises SettingsError."""
    variables = {variable_of(new, field) for new in RENAMED.values() for field in SECTIONS[new].__struct_fields__}
    return with_new_fields(with_new_names(layers, RENAMED, variables), RENAMED_FIELDS)


def read_config(layers: Layers, *, project: str | None = None, observe: bool = False) -> Config:
    """Compose all settings, and the stored session. Raises SettingsError."""
    layers = renamed(layers)
    target = read_target(layers, project)
    stored = SessionFile(Places.of_platform().sessions, target.url)
    return Config(
        target=signed_in(target, stored.load()),
        trouble="; ".join(filter(None, (stored.trouble, *layers.notices))),
        autonomous=read_switch(layers, "autonomous"),
        dry_run=read_switch(layers, "dry_run"),
        observe=observe,
        **read_sections(layers),
    )


def read_sections(layers: Layers) -> dict[str, Any]:
    """Return every section of `SECTIONS` filled, by name. Raises SettingsError."""
    return {name: _alerts(layers) if name == "alerts" else layers.section(name, SECTIONS[name]) for name in SECTIONS}


def _alerts(layers: Layers) -> AlertRules:
    rules = layers.section("alerts", AlertRules)
    if wrong := problems(rules):
        raise SettingsError(wrong[0])
    return rules


def read_switch(layers: Layers, name: str) -> bool:
    """Return one of `SWITCHES`, its default where it is not set. Raises SettingsError."""
    names, default = SWITCHES[name]
    value = layers.first(*names)
    return default if value is None else flag(value, " or ".join(names))
