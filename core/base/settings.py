"""Layers of settings and how they merge: TOML file < `.env` < `.env.local` < a credential < environment < flags.

Each package declares the settings it uses as a frozen struct; this module only finds their values. Bad input raises
`SettingsError`: one sentence that names the setting and the remedy.
"""

import difflib
import io
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec
from dotenv import dotenv_values

from core.base.bounds import out_of_bounds
from core.base.directories import config_directory
from core.base.errors import SettingsError as SettingsError  # noqa: PLC0414 - others know it from here
from core.base.small_file import Unreadable, read_text

S = TypeVar("S", bound=msgspec.Struct)

PREFIX: Final = "WATCHDESK_"
"""Environment names of settings: `WATCHDESK_<SECTION>_<NAME>`."""


LAYERS: Final = ("environment", "the credential", ".env.local", ".env")
"""The names of the layers in `Layers.named`, in the same order."""

CREDENTIAL: Final = "watchdesk.env"
"""The name of a service's credential: a file of variables in the directory that `CREDENTIALS_DIRECTORY` names."""

FILE: Final = "file"
"""The name of the layer below them."""


class SettingOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a value: `layer` is one of `LAYERS` or `FILE`, `name` the variable, or the file and the setting."""

    layer: str
    name: str

    def __str__(self) -> str:
        return self.name + (f" (in {self.layer})" if self.layer in LAYERS[1:] else "")


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """Every source of settings, strongest first in `named`; `file` is the parsed TOML, `path` its location.

    `notices`: what is read under an old name, each in a sentence. `spelled`: new variables that have their old names.
    """

    named: tuple[Mapping[str, str], ...] = ()
    file: Mapping[str, Any] = {}
    path: Path = Path()
    notices: tuple[str, ...] = ()
    spelled: Mapping[str, str] = {}

    def first(self, *names: str) -> str | None:
        """Return the value of the strongest layer that has any of `names`; within a layer the first name wins.

        An empty value counts as not set, as it does everywhere in shells.
        """
        return next((layer[name].strip() for layer, name in self._set(names)), None)

    def origin(self, *names: str) -> SettingOrigin | None:
        """Return where the value of `first` was set; `None` where it was not."""
        for layer, name in self._set(names):
            at = next(at for at, one in enumerate(self.named) if one is layer)
            return SettingOrigin(layer=LAYERS[at] if at < len(LAYERS) else FILE, name=self.spelled.get(name, name))
        return None

    def _set(self, names: Iterable[str]) -> Iterable[tuple[Mapping[str, str], str]]:
        names = tuple(names)
        return ((layer, name) for layer in self.named for name in names if layer.get(name, "").strip())

    def found(self, section: str, field: str) -> tuple[Any, SettingOrigin] | None:
        """Return one setting as it was written, and where; `None` where it was not.

        Raises SettingsError where the file has something else than a table of that name.
        """
        variable = variable_of(section, field)
        origin = self.origin(variable)
        if origin is not None:
            return self.first(variable), origin
        table = self.table(section)
        if field not in table:
            return None
        return table[field], SettingOrigin(layer=FILE, name=f"{self.path}: [{section}] {field}")

    def strange_names(self, known: Collection[str]) -> list[str]:
        """Return every `WATCHDESK_…` that is set and not in `known`. One in lower case is never known."""
        given = {name for layer in self.named for name, value in layer.items() if value.strip()}
        return sorted(name for name in given.difference(known) if name.upper().startswith(PREFIX))

    def refuse_unknown(self, names: Collection[str], tables: Collection[str]) -> None:
        """Raise SettingsError for a `WATCHDESK_…` not in `names`, and for a table of the file not in `tables`."""
        for name in self.strange_names(names):
            meant = _meant(name.upper().removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in sorted(names)])
            remedy = f"did you mean {PREFIX}{meant}?" if meant else "take it out"
            raise SettingsError(f"no such setting: {self.origin(name)}; {remedy}")
        for name in sorted(set(self.file).difference(tables)):
            meant = _meant(name, tables)
            remedy = f"did you mean [{meant}]?" if meant else "take it out"
            raise SettingsError(f"{self.path}: no such table: [{name}]; {remedy}")

    def table(self, name: str) -> Mapping[str, Any]:
        """Return one table of the TOML file, empty if it has none. Raises SettingsError if it is something else."""
        value = self.file.get(name, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self.path}: {name!r} must be a table, write [{name}]")
        return value

    def section(self, name: str, struct: type[S]) -> S:
        """Return `struct` filled from `WATCHDESK_<NAME>_<FIELD>` and the file's table `name`, else from defaults.

        Raises SettingsError naming the setting whose value does not fit.
        """
        table = self.table(name)
        fields = {field.name: field for field in msgspec.structs.fields(struct)}
        if unknown := sorted(set(table) - set(fields)):
            known = ", ".join(fields)
            raise SettingsError(f"{self.path}: [{name}] has no setting {unknown[0]!r}; it knows {known}")
        values: dict[str, Any] = {}
        for field in fields.values():
            found = self.found(name, field.name)
            if found is None:
                continue
            raw, where = found
            if isinstance(raw, str) and get_origin(field.type) is tuple:
                raw = raw.split()  # a list in one line: its entries stand apart by blanks
            try:
                value = msgspec.convert(raw, _unbounded(field.type), strict=where.layer == FILE)
            except msgspec.ValidationError as error:
                raise SettingsError(f"{where} is not usable: {error}") from error
            if bounds := out_of_bounds(value, field.type):
                raise SettingsError(f"{where} is not usable: {raw} is out of range; allowed: {bounds}")
            values[field.name] = value
        return struct(**values)


def variable_of(section: str, field: str) -> str:
    """Return the environment's name of a setting: `WATCHDESK_<SECTION>_<NAME>`."""
    return f"{PREFIX}{section}_{field}".upper()


def _meant(name: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def _unbounded(kind: Any) -> Any:
    """Return the type without its bounds; those are checked here, because NaN is within all of them."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def config_path() -> Path:
    """Return the path of the TOML file on this platform. Raises SettingsError."""
    return config_directory() / "config.toml"


def read_layers(
    *, directory: Path | None = None, environ: Mapping[str, str] | None = None, path: Path | None = None
) -> Layers:
    """Return all layers below the flags. `.env*` come from `directory`, by default the working directory.

    Raises SettingsError for a file that exists and cannot be read or parsed.
    """
    variables = dict(os.environ if environ is None else environ)
    credentials = variables.get("CREDENTIALS_DIRECTORY", "")
    base = directory or Path()  # not its full name: a working directory that was deleted has none
    toml = path or config_path()
    return Layers(
        named=(
            variables,
            _dotenv(Path(credentials) / CREDENTIAL) if credentials else {},
            _dotenv(base / ".env.local"),
            _dotenv(base / ".env"),
        ),
        file=_toml(toml),
        path=toml,
    )


def nothing() -> Layers:
    """Return layers without any configuration, for callers that must not read any."""
    return Layers()


def flag(value: str, name: str) -> bool:
    """Parse a yes or no in any usual spelling. Raises SettingsError naming `name`."""
    word = value.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{name} must be true or false, not {value!r}")


def _dotenv(path: Path) -> Mapping[str, str]:
    found = dotenv_values(stream=io.StringIO(_text(path)), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, error) from error


def _text(path: Path) -> str:
    try:
        return read_text(path) or ""
    except Unreadable as error:
        raise _refused(path, error) from error


def _refused(path: Path, why: Exception) -> SettingsError:
    return SettingsError(f"{path} cannot be read ({why}); fix or remove it")
