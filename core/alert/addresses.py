"""Where messages go: contacts and channels as configured, each under a name that shows no secret."""

import hashlib
import re
from enum import StrEnum
from typing import Final
from urllib.parse import quote

import msgspec

from core.alert.settings import AlertRules

_EMAIL: Final = re.compile(r"[^@\s<>\",;:/]+@[^@\s<>\",;:/]+\.[A-Za-z0-9-]{2,}")
_URL: Final = re.compile(r"[a-z][a-z0-9+-]*://\S+", re.IGNORECASE)
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_MODES: Final = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}


class Way(StrEnum):
    """How a message gets there: by the library of channels, or by the project's own function."""

    APPRISE = "apprise"
    FUNCTION = "function"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One place a message can be sent to. `target` may be secret: it is neither shown nor kept on the disk."""

    name: str
    way: Way
    target: str

    def __repr__(self) -> str:
        return f"Address({self.name!r})"


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody there is: contacts in the order in which they are told, and what hears all that the first one hears."""

    contacts: tuple[tuple[Address, ...], ...] = ()
    channels: tuple[Address, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Contacts that no way leads to."""

    @property
    def rungs(self) -> int:
        """How many steps there are to escalate over; channels alone are one."""
        return len(self.contacts) or bool(self.channels)

    def all(self) -> tuple[Address, ...]:
        """Every address once."""
        found = [address for contact in self.contacts for address in contact] + list(self.channels)
        return tuple({address.name: address for address in found}.values())

    def of(self, name: str) -> Address | None:
        """The address of that name, if it is still configured."""
        return next((address for address in self.all() if address.name == name), None)


def problems(settings: AlertRules) -> tuple[str, ...]:
    """What cannot be right about the addresses, each in one sentence that shows no secret."""
    found = []
    for setting, given in (("contacts", settings.contacts), ("channels", settings.channels)):
        for number, one in enumerate(given, 1):
            email = setting == "contacts" and _EMAIL.fullmatch(one)
            if not email and not _URL.fullmatch(one):
                known = "an e-mail address or a URL" if setting == "contacts" else "a URL"
                found.append(f"[alerts] {setting}: entry {number} is not {known} like ntfys://TOPIC")
    if settings.smtp_security not in _PORTS:
        found.append(f"[alerts] smtp_security must be one of {', '.join(_PORTS)}")
    if settings.smtp_host and not _EMAIL.fullmatch(settings.smtp_from):
        found.append("[alerts] smtp_from must be the e-mail address that alerts come from")
    if settings.desktop not in {"", "osc9", "osc777"}:
        found.append("[alerts] desktop must be osc9 or osc777")
    return tuple(found)


def book(settings: AlertRules, notification_email: str) -> Book:
    """Who is told: the contacts of the settings, else the config row's `notification_email`."""
    given = settings.contacts or ((notification_email,) if _EMAIL.fullmatch(notification_email) else ())
    contacts, unreachable = [], []
    for one in given:
        ways = _ways(one, settings)
        contacts.append(ways) if ways else unreachable.append(one)
    return Book(
        contacts=tuple(contacts),
        channels=tuple(_by_url(one) for one in settings.channels),
        unreachable=tuple(unreachable),
    )


def _ways(contact: str, settings: AlertRules) -> tuple[Address, ...]:
    if not _EMAIL.fullmatch(contact):
        return (_by_url(contact),)
    ways = []
    if settings.smtp_host:
        ways.append(Address(name=contact, way=Way.APPRISE, target=_mail_url(contact, settings)))
    if settings.email_template:
        ways.append(Address(name=f"{contact} (function)", way=Way.FUNCTION, target=contact))
    return tuple(ways)


def _by_url(url: str) -> Address:
    mark = hashlib.sha256(url.encode()).hexdigest()[:6]
    return Address(name=f"{url.partition(':')[0].lower()}-{mark}", way=Way.APPRISE, target=url)


def _mail_url(to: str, settings: AlertRules) -> str:
    login = ""
    if settings.smtp_user:
        login = f"{quote(settings.smtp_user, safe='')}:{quote(settings.smtp_password, safe='')}@"
    port = settings.smtp_port or _PORTS[settings.smtp_security]
    scheme = "mailto" if settings.smtp_security == "none" else "mailtos"
    sender = quote(f"watchdesk <{settings.smtp_from}>", safe="")
    mode = _MODES[settings.smtp_security]
    return f"{scheme}://{login}{settings.smtp_host}:{port}/{quote(to, safe='')}?from={sender}&mode={mode}"
