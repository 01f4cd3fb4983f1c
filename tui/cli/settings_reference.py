"""Every setting there is, with its unit, default, bounds, value and where that came from: what `config show` prints.

Made from the structs that declare the settings, so that nothing here has to be kept in step with them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from core.backend.target import VARIABLES, NotConfigured, ProjectEntry, read_entry, read_target
from core.base.attribute_docs import attribute_docs
from core.base.bounds import bounds_of, in_words, unit_of
from core.base.settings import FILE, Layers, SettingOrigin, variable_of
from core.services.config import SECTIONS, SWITCHES, Config, read_sections, read_switch
from tui.base.settings import ScreenSettings
from tui.cli.screen_options import ScreenOptions
from tui.cli.screen_settings import screen_settings
from tui.rendering.palettes import CHOICES

PROJECT: Final = "project"
AUTONOMY: Final = "autonomy"
KEYS: Final = "keys"
NAMES: Final = (PROJECT, AUTONOMY, *SECTIONS, "screen", KEYS)
"""The sections, in the order they are shown. `autonomy` is in the environment alone."""

FLAG: Final = "flag"
"""The layer above all others."""

NOT_SET: Final = "not set"
_SECRET_WORDS: Final = {"password", "key", "token"}
_OWN_SECTION: Final = re.compile(r"\s*Section `\w+`( of the settings)?[^.]*\.(\s*Seconds\.)?")


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. Of a secret, `value` says only whether it is set. `origin`: `None` where the default holds.

    `bounds`: in words, or the values there are. `variables`: the environment's names, the first that is set counts.
    """

    section: str
    name: str
    value: Any
    default: Any
    what: str
    unit: str = ""
    bounds: str = ""
    least: float | None = None
    most: float | None = None
    secret: bool = False
    origin: SettingOrigin | None = None
    variables: tuple[str, ...] = ()


def about(section: str) -> str:
    """Return what a section is about, in a line."""
    if section in {AUTONOMY, KEYS}:
        return _ABOUT[section]
    kinds: dict[str, type[msgspec.Struct]] = {**SECTIONS, "screen": ScreenSettings, PROJECT: ProjectEntry}
    return " ".join(_OWN_SECTION.sub("", (kinds[section].__doc__ or "").split("\n\n")[0]).split())


def settings(layers: Layers, given: ScreenOptions, *, project: str | None, observe: bool) -> tuple[Setting, ...]:
    """Return all settings as they hold, section by section; those of a project only where one is configured.

    Raises SettingsError for what no command could use.
    """
    sections = read_sections(layers)
    found = [*_project(layers, project), *_autonomy(layers, observe=observe)]
    for name, kind in SECTIONS.items():
        found += _section(layers, name, kind, sections[name])
    found += _section(layers, "screen", ScreenSettings, screen_settings(layers, given), _flags(given))
    return (*found, *_keys(layers))


def _section(
    layers: Layers,
    section: str,
    kind: type[msgspec.Struct],
    values: msgspec.Struct,
    flags: Mapping[str, str] | None = None,
) -> Iterable[Setting]:
    docs = attribute_docs(kind)
    for field in msgspec.structs.fields(kind):
        meta = bounds_of(field.type)
        flag = (flags or {}).get(field.name)
        was = layers.found(section, field.name)
        secret = _is_secret(field.name)
        yield Setting(
            section=section,
            name=field.name,
            value=_shown(getattr(values, field.name), secret=secret),
            default=field.default,
            what=docs.get(field.name, ""),
            unit=unit_of(field.type),
            bounds=f"one of {', '.join(CHOICES)}" if (section, field.name) == ("screen", "theme") else in_words(meta),
            least=None if meta is None else meta.ge if meta.ge is not None else meta.gt,
            most=None if meta is None else meta.le,
            secret=secret,
            origin=SettingOrigin(layer=FLAG, name=flag) if flag else was[1] if was else None,
            variables=(variable_of(section, field.name),),
        )


def _project(layers: Layers, project: str | None) -> Iterable[Setting]:
    try:
        name, entry = read_entry(layers, project)
    except NotConfigured:
        return
    read_target(layers, project)
    docs = attribute_docs(ProjectEntry)
    for field, names in VARIABLES.items():
        value = getattr(entry, field)
        if name:
            origin = SettingOrigin(layer=FILE, name=f"{layers.path}: [projects.{name}] {field}") if value else None
        else:
            origin = layers.origin(*names)
        secret = _is_secret(field)
        yield Setting(
            section=PROJECT,
            name=field,
            value=_shown(value, secret=True) if secret else value,
            default="",
            what=docs.get(field, ""),
            secret=secret,
            origin=origin,
            variables=names,
        )


def _autonomy(layers: Layers, *, observe: bool) -> Iterable[Setting]:
    docs = attribute_docs(Config)
    for name, (variables, default) in SWITCHES.items():
        yield Setting(
            section=AUTONOMY,
            name=name,
            value=read_switch(layers, name),
            default=default,
            what=docs.get(name, ""),
            origin=layers.origin(*variables),
            variables=variables,
        )
    yield Setting(
        section=AUTONOMY,
        name="observe",
        value=observe,
        default=False,
        what=docs.get("observe", ""),
        origin=SettingOrigin(layer=FLAG, name="--observe") if observe else None,
    )


def _keys(layers: Layers) -> Iterable[Setting]:
    from tui.screens.keys import ALL_KEYS, key_settings  # noqa: PLC0415 - needs Textual, 0.1 s

    moved = key_settings(layers)
    for key in ALL_KEYS:
        was = layers.found(KEYS, key.name)
        yield Setting(
            section=KEYS,
            name=key.name,
            value=moved.get(key.name, key.key),
            default=key.key,
            what=key.does,
            origin=was[1] if was and key.name in moved else None,
            variables=(variable_of(KEYS, key.name),),
        )


def _flags(given: ScreenOptions) -> Mapping[str, str]:
    """Return the options that were given in place of settings, by the setting's name."""
    named = {"theme": "--theme", "mouse": "--mouse", "ascii": "--ascii"}
    options = {name: getattr(given, name) for name in named}
    return {
        name: f"--no-{name}" if value is False else named[name] for name, value in options.items() if value is not None
    }


def _is_secret(name: str) -> bool:
    return not _SECRET_WORDS.isdisjoint(name.split("_"))


def _shown(value: Any, *, secret: bool) -> Any:
    """Return a value without what must not be shown: passwords, keys, and what an address carries beside its host."""
    if secret:
        return "set" if value else NOT_SET
    if isinstance(value, tuple):
        return tuple(f"{one.partition('://')[0]}://…" if "://" in one else one for one in value)
    return _host_alone(value) if isinstance(value, str) and "://" in value else value


def _host_alone(address: str) -> str:
    """Return an address without its path and query, and without its host where that may be part of a password."""
    scheme, _, rest = address.partition("://")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    return f"{scheme}://…" if "@" in rest else f"{scheme}://{host}" + ("/…" if rest.strip("/") != host else "")


NOTES: Final = {
    PROJECT: """\
Choose one of several tables with --project NAME, or with default = "NAME" in the file.""",
    AUTONOMY: """\
It acts only if autonomous is on and dry_run is off. A line on the screen always says whether it may act, and if not,
why: autonomous mode, dry-run, --observe, the lease, an emergency stop, or too much that is stuck at once.

Of several monitors only one acts, the one that holds the lease: a row of the execution log, renewed by
compare-and-swap. Another takes over when it is gone, and at once from a read-only one. Correctness does not depend on
it: every write repeats its condition, so each task is changed once.

It heals stuck tasks (overdue and without log activity; an account without a secret key can tell only where
it sees the task's log), turns dry-run on when too much fails, creates a missing config row (disabled) and, once an
hour, deletes old log rows. When too much is stuck at once it pauses auto-heal, says so and leaves it to you. An
operator's heal is never paused. Undo reverts a heal, and the tasks it restores are left alone for a day.

After ten critical checks in a row (the database is down, or too much failing) it sets the emergency stop. What
failed before a resume, long ago, or by watchdesk's own heal does not count. If the project cannot be reached, the stop
waits on this machine's disk; when the project answers it is carried out once if it still fails, and is dropped
otherwise. Your own stop or resume waits the same way, and can be withdrawn.

--observe: typing the project's name allows actions for 15 minutes, only yours.""",
    "alerts": """\
For the rules, and who is notified when, see: watchdesk alerts --rules. Mail needs smtp_host and smtp_from.""",
    "blackbox": """\
A file of your own (0600); texts that look like keys are taken out before they are kept.""",
    "screen": """\
auto: dark, light where COLORFGBG says so, ansi where the terminal has only sixteen colours. NO_COLOR turns colours off.
A project's colour is the block its name stands in and the frame of its dialogs.""",
}
"""More about a section, in paragraphs."""

_ABOUT: Final = {
    AUTONOMY: "What the watchdog may do automatically. Set only in the environment and .env files.",
    KEYS: 'Any key can be moved: heal = "H", palette = "ctrl+k", or WATCHDESK_KEYS_HEAL=H; several with commas.',
}
