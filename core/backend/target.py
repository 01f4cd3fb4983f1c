"""The project to watch and its credentials: URL, key and sign-in, checked before anything is built on them."""

import base64
import binascii
import hashlib
import re
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import msgspec

from core.backend.sessions import StoredSession
from core.base.colours import rgb
from core.base.settings import Layers, SettingsError
from core.base.text import clean

URL_NAMES: Final = ("SUPABASE_URL", "VITE_SUPABASE_URL")
COLOUR_NAME: Final = "WATCHDESK_PROJECT_COLOUR"
FUNCTION_KEY_NAME: Final = "WATCHDESK_FUNCTION_KEY"
PUBLISHABLE_NAMES: Final = ("VITE_SUPABASE_PUBLISHABLE_DEFAULT_KEY",)
KEY_NAMES: Final = ("SUPABASE_KEY", "SUPABASE_SERVICE_ROLE_KEY", *PUBLISHABLE_NAMES)

NOT_CONFIGURED: Final = (
    "no project is configured: set SUPABASE_URL and SUPABASE_KEY (environment, .env.local, or a [projects.NAME] table"
    " in the config file; watchdesk config init asks for both), or try it without: watchdesk demo"
)
"""The message when nothing is configured: one sentence."""


class KeyKind(StrEnum):
    """The kind of a project key."""

    SECRET = "secret"  # noqa: S105 - a kind of key, not a key
    PUBLISHABLE = "publishable"


class NotConfigured(SettingsError):
    """No project is configured at all; the text is `NOT_CONFIGURED`."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One project as configured. Its representation shows no secret."""

    name: str
    url: str
    key: str
    publishable_key: str = ""
    email: str = ""
    password: str = ""
    access_token: str = ""
    function_key: str = ""
    """The key for Edge Functions instead of `key`: those that verify JWTs take no `sb_` key."""
    colour: str = ""

    def __repr__(self) -> str:
        return f"Target(name={self.name!r}, url={self.url!r}, user={self.user!r})"

    @property
    def kind(self) -> KeyKind:
        """The kind of the key: secret (sees and may do everything) or publishable."""
        if self.key.startswith("sb_"):
            return KeyKind.SECRET if self.key.startswith("sb_secret_") else KeyKind.PUBLISHABLE
        return KeyKind.SECRET if claim(self.key, "role") == "service_role" else KeyKind.PUBLISHABLE

    @property
    def legacy_key(self) -> bool:
        """Return whether the hosted platform ends the key's kind with 2026. A self-hosted project keeps it."""
        host = urlsplit(self.url).hostname or ""
        return self.key.startswith("eyJ") and host.endswith(".supabase.co")

    @property
    def sees_all(self) -> bool:
        """Return whether row level security hides nothing from us: a secret key, and no user's token beside it."""
        return self.kind is KeyKind.SECRET and not self.signs_in

    @property
    def user(self) -> str:
        """The identity shown to the project, known without a network: an e-mail, a `sub`, `service_role` or `anon`."""
        if self.access_token:
            return clean(claim(self.access_token, "sub")) or "token"
        if self.email:
            return self.email
        return "service_role" if self.kind is KeyKind.SECRET else "anon"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be shown; some may be empty."""
        return self.key, self.publishable_key, self.password, self.access_token, self.function_key

    @property
    def signs_in(self) -> bool:
        """Return whether a user's token goes with each request."""
        return bool(self.access_token or self.email)

    @property
    def space(self) -> str:
        """A directory-safe, irreversible name for the data kept about this project and user."""
        return hashlib.sha256(f"{self.url}\n{self.user}".encode()).hexdigest()[:24]


class ProjectEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project that is watched: variables, or a table [projects.NAME] of the config file."""

    url: str = ""
    """The project's URL, like https://PROJECT.supabase.co."""
    key: str = ""
    """A secret key, or a publishable one and a sign-in."""
    publishable_key: str = ""
    """Beside a secret key: to find out what anybody who has this one can read."""
    email: str = ""
    """The user who signs in."""
    password: str = ""
    """The password of that account; or sign in once with `watchdesk login`."""
    access_token: str = ""
    """A user's token in place of e-mail and password."""
    function_key: str = ""
    """A legacy service_role key, for Edge Functions alone: those that verify JWTs take no `sb_…` key."""
    colour: str = ""
    """The colour of the project's name and of its dialogs' frames: a name like orange, or #rrggbb."""

    def __repr__(self) -> str:
        return f"ProjectEntry(url={self.url!r})"


VARIABLES: Final[dict[str, tuple[str, ...]]] = {
    "url": URL_NAMES,
    "key": KEY_NAMES,
    "publishable_key": PUBLISHABLE_NAMES,
    "email": ("SUPABASE_EMAIL",),
    "password": ("SUPABASE_PASSWORD",),
    "access_token": ("SUPABASE_ACCESS_TOKEN",),
    "function_key": (FUNCTION_KEY_NAME,),
    "colour": (COLOUR_NAME,),
}
"""The environment's names of a project's settings; the first that is set counts."""


def signed_in(target: Target, stored: StoredSession | None) -> Target:
    """Return the target with the user of the stored session where no other sign-in is configured.

    Raises SettingsError for an e-mail there is neither a password nor a stored session for.
    """
    if target.password or target.access_token or target.kind is KeyKind.SECRET:
        return target
    if stored is not None and target.email in {"", stored.email}:
        return msgspec.structs.replace(target, email=stored.email)
    if target.email:
        raise SettingsError(f"no password is set for {target.email}; set SUPABASE_PASSWORD, or run: watchdesk login")
    return target


def read_target(layers: Layers, project: str | None = None) -> Target:
    """Return the configured project. `project` names an entry of the file, which then is the only source.

    Raises NotConfigured, or SettingsError for values that cannot be right.
    """
    return _checked(*read_entry(layers, project))


def read_entry(layers: Layers, project: str | None = None) -> tuple[str, ProjectEntry]:
    """Return the project's name in the file, empty for one of variables, and its entry, unchecked. Raises as above."""
    if project is not None:
        return project, _entry(layers, project)
    url, key = layers.first(*URL_NAMES), layers.first(*KEY_NAMES)
    if url is None and key is None:
        return _from_file(layers)
    if url is None:
        raise SettingsError(f"a key is set but no URL; set {URL_NAMES[0]} to the project's URL")
    if key is None:
        raise SettingsError(f"{URL_NAMES[0]} is set but no key; set {KEY_NAMES[0]} to one of the project's API keys")
    return "", ProjectEntry(**{field: layers.first(*names) or "" for field, names in VARIABLES.items()})


def _from_file(layers: Layers) -> tuple[str, ProjectEntry]:
    projects = layers.table("projects")
    default = layers.file.get("default")
    if isinstance(default, str):
        return default, _entry(layers, default)
    if len(projects) == 1:
        only = next(iter(projects))
        return only, _entry(layers, only)
    if projects:
        names = clean(", ".join(sorted(projects)))
        raise SettingsError(f"several projects are configured ({names}); choose one with --project NAME")
    raise NotConfigured(NOT_CONFIGURED)


def _entry(layers: Layers, name: str) -> ProjectEntry:
    projects = layers.table("projects")
    if name not in projects:
        names = clean(", ".join(sorted(projects))) or "none yet"
        raise SettingsError(f"no project {name!r} in {layers.path}; it has: {names}")
    fields = ProjectEntry.__struct_fields__
    if isinstance(projects[name], dict) and (strange := sorted(set(projects[name]).difference(fields))):
        known = ", ".join(fields)
        raise SettingsError(
            f"{layers.path}: [projects.{name}] has no setting {strange[0]!r}; it knows {known}; a setting of a section"
            " needs the line with its name above it, such as [alerts]"
        )
    try:
        return msgspec.convert(projects[name], ProjectEntry)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{layers.path}: [projects.{name}] is not usable: {error}") from error


def _checked(name: str, entry: ProjectEntry) -> Target:
    for label, value in (("a project's name", name), ("the URL", entry.url.strip()), ("the e-mail", entry.email)):
        if clean(value, len(value)) != value:
            raise SettingsError(
                f"{label} contains hidden characters ({clean(value)}); type it again by hand instead of pasting"
            )
    url = _url(entry.url)
    if not entry.key:
        raise SettingsError(f'project {name!r} has no key; add key = "…" to its entry')
    for label, value in (
        ("the key", entry.key),
        ("the access token", entry.access_token),
        ("the functions' key", entry.function_key),
    ):
        if re.search(r"[^\x21-\x7e]", value):
            raise SettingsError(f"{label} contains characters no key has; copy it again from the project's settings")
    if entry.colour and rgb(entry.colour) is None:
        where = f"the colour of project {name!r}" if name else COLOUR_NAME
        raise SettingsError(f"{where} is {entry.colour!r}, which is not a colour; use a name like orange, or #rrggbb")
    host = urlsplit(url).hostname or url
    publishable = entry.publishable_key
    target = Target(
        name=name or host.split(".")[0] if not _is_address(host) else name or urlsplit(url).netloc,
        url=url,
        key=entry.key,
        publishable_key=publishable,
        email=entry.email,
        password=entry.password,
        access_token=entry.access_token,
        function_key=entry.function_key,
        colour=entry.colour,
    )
    if not publishable and target.kind is KeyKind.PUBLISHABLE:
        return msgspec.structs.replace(target, publishable_key=target.key)
    return target


def _url(raw: str) -> str:
    """Return the project's base URL, without a slash at its end. Raises SettingsError."""
    remedy = "it looks like https://PROJECT.supabase.co"
    try:
        parts = urlsplit(raw.strip())
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"{raw!r} is not a URL; {remedy}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", parts.netloc):
        raise SettingsError(f"{raw!r} is not a URL; {remedy}")
    if parts.username or parts.password or port == 0:
        raise SettingsError(f"the URL must not carry a user, a password or port 0; {remedy}")
    path = parts.path.rstrip("/").removesuffix("/rest/v1")
    if parts.query or parts.fragment:
        raise SettingsError(f"{raw!r} has a query or a fragment; the project's URL has none: {remedy}")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_address(host: str) -> bool:
    return host == "localhost" or ":" in host or bool(re.fullmatch(r"[\d.]+", host))


def claim(token: str, name: str) -> str:
    """Return one claim of a JWT, unverified (the server verifies); empty when it is no JWT."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, binascii.Error, msgspec.DecodeError, ValueError):
        return ""
    value = claims.get(name) if isinstance(claims, dict) else None
    return value if isinstance(value, str) else ""
