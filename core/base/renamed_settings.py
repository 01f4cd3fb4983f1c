"""Sections and single settings that have a new name: the old one is read for one release, and said."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from core.base.settings import Layers, SettingOrigin, variable_of

_ONE_RELEASE: Final = "the old name is read for one release"


def with_new_names(layers: Layers, sections: Mapping[str, str], variables: Collection[str]) -> Layers:
    """Return the layers with what is set in old sections under their new names (`sections`: old to new).

    `variables`: the names there are, so that an old section's unknown names stay as they are, to be refused. What is
    set under both names counts as the new one has it. Raises SettingsError for an old table that is none.
    """
    for old, new in sections.items():
        layers = _renamed_variables(layers, old, new, variables)
        layers = _renamed_table(layers, old, new)
    return layers


def with_new_fields(layers: Layers, fields: Mapping[tuple[str, str], str]) -> Layers:
    """Return the layers with single settings under their new names: `fields` by section and old name.

    What is set under both names counts as the new one has it.
    """
    for (section, old), new in fields.items():
        layers = _renamed_variable(layers, variable_of(section, old), section, new)
        layers = _renamed_entry(layers, section, old, new)
    return layers


def _renamed_variables(layers: Layers, old: str, new: str, variables: Collection[str]) -> Layers:
    prefix = variable_of(new, "")
    for now in sorted(name for name in variables if name.startswith(prefix)):
        field = now.removeprefix(prefix).lower()
        layers = _renamed_variable(layers, variable_of(old, field), new, field)
    return layers


def _renamed_variable(layers: Layers, before: str, section: str, field: str) -> Layers:
    set_at = layers.origin(before)
    if set_at is None:
        return layers
    now, spelled = variable_of(section, field), dict(layers.spelled)
    better = _set_as(layers, section, field)
    if better is not None:
        notice = f"{set_at} is not used: {better} is set, its new name"
    else:
        notice = f"{set_at} is now called {now}; {_ONE_RELEASE}"
        spelled[now] = before
    named = [dict(layer) for layer in layers.named]
    for layer in named:
        value = layer.pop(before, "")
        if better is None and value.strip():
            layer[now] = value
    return msgspec.structs.replace(layers, named=tuple(named), notices=(*layers.notices, notice), spelled=spelled)


def _renamed_entry(layers: Layers, section: str, old: str, new: str) -> Layers:
    table = dict(layers.table(section))
    if old not in table:
        return layers
    value = table.pop(old)
    used = ", and that is set" if new in table else ""
    table.setdefault(new, value)
    notice = f"{layers.path}: [{section}] {old} is now called {new}; {_ONE_RELEASE}{used}"
    return msgspec.structs.replace(layers, file={**layers.file, section: table}, notices=(*layers.notices, notice))


def _renamed_table(layers: Layers, old: str, new: str) -> Layers:
    if old not in layers.file:
        return layers
    before, now = layers.table(old), layers.table(new)
    both = ", ".join(sorted(set(before) & set(now)))
    more = f", and {both} of [{new}] is used" if both else ""
    file: dict[str, Any] = {name: table for name, table in layers.file.items() if name != old}
    file[new] = {**before, **now}
    notice = f"{layers.path}: [{old}] is now called [{new}]; {_ONE_RELEASE}{more}"
    return msgspec.structs.replace(layers, file=file, notices=(*layers.notices, notice))


def _set_as(layers: Layers, section: str, field: str) -> SettingOrigin | None:
    found = layers.found(section, field)
    return None if found is None else found[1]
