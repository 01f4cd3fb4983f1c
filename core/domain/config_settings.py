"""The values of the config row that an operator may set: their bounds, and what each means to the agents."""

import re
from typing import Any, Final

import msgspec

from core.base.text import clean

ConfigValue = bool | int | str | None

_WORDS: Final = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_ADDRESS: Final = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_LONGEST: Final = 400
NOTHING: Final = "-"
"""Stands for no address at all."""


class ConfigSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the config row. `least`, `most`: its bounds where it is a number; `means`: what it does, in words.

    `kind`: `flag`, `number` or `addresses`. `graver`: the flag's value, or true for a number's increase, that lets the
    agents do more and wants a word typed.
    """

    name: str
    kind: str
    means: str
    least: int = 0
    most: int = 0
    graver: bool | None = None

    def value_of(self, typed: str) -> ConfigValue:
        """Return the value that was typed. Raises ValueError with a sentence that says what may be."""
        text = typed.strip()
        if self.kind == "flag":
            if text.lower() not in _WORDS:
                raise ValueError(f"{self.name} is on or off, not {clean(text, 40) or 'nothing'}")
            return _WORDS[text.lower()]
        if self.kind == "number":
            number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
            if number is None or not self.least <= number <= self.most:
                raise ValueError(f"{self.name} is a number from {self.least:,} to {self.most:,}")
            return number
        if text == NOTHING:
            return None
        addresses = [one for one in re.split(r"[,;\s]+", text) if one]
        if not addresses or not all(map(_ADDRESS.fullmatch, addresses)) or len(text) > _LONGEST:
            raise ValueError(f"{self.name} is one address or several, at most {_LONGEST} characters; - for none")
        return ", ".join(addresses)

    def is_graver(self, before: ConfigValue, after: ConfigValue) -> bool:
        """Return whether this change is one that lets the agents do more than before."""
        if self.graver is None:
            return False
        if self.kind == "flag":
            return after is self.graver
        return isinstance(after, int) and (not isinstance(before, int) or after > before)


def said(value: ConfigValue) -> str:
    """Return a value in words."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else clean(value, _LONGEST)


def _limit(name: str, most: int, means: str, **more: Any) -> ConfigSetting:
    return ConfigSetting(name=name, kind="number", least=1, most=most, means=means, **more)


def _flag(name: str, means: str, **more: Any) -> ConfigSetting:
    return ConfigSetting(name=name, kind="flag", means=means, **more)


SETTINGS: Final = {
    one.name: one
    for one in (
        _flag("enabled", "the agents take tasks up; off: they refuse every run", graver=True),
        _limit(
            "autonomy_level",
            3,
            "what tasks may do by themselves: 1 little, 2 as usual; those created with 3 wait for an approval",
            graver=True,
        ),
        _limit("max_parallel_tasks", 100, "most tasks that one poll of the agents picks up"),
        _limit("max_tasks_per_run", 1_000, "most tasks per run"),
        _limit("max_files_per_task", 10_000, "files that one task may change"),
        _limit("min_interval_minutes", 10_080, "minutes between two runs of the agents, at least"),
        _limit("max_daily_tasks", 100_000, "tasks that may be created or begun in 24 hours"),
        ConfigSetting(
            name="notification_email", kind="addresses", means="who is e-mailed if [alerts] contacts is empty"
        ),
        *(
            _flag(f"notify_on_{kind}", f"messages about {kind.replace('_', ' ')}")
            for kind in ("completion", "failure", "high_risk", "success", "error", "approval_needed")
        ),
    )
}
"""Every value that may be set, by its column. Dry-run and the emergency stop have actions of their own."""
