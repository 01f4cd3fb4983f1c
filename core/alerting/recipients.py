"""Recipients of messages: contacts and channels as configured, each under a name that shows no secret."""

import hashlib
import re
from enum import StrEnum
from typing import Final

import msgspec

from core.alerting.mail_addresses import ParsedAddresses, recipients
from core.alerting.settings import PORTS, AlertRules

_URL: Final = re.compile(r"[a-z][a-z0-9+-]*://\S+", re.IGNORECASE)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?")
_PLAIN: Final = re.compile(r"[^/:]+@[^/:]+")
"""A text without a password, which may be shown."""


class Way(StrEnum):
    """The way of delivery: over SMTP, by the library of channels, or by the project's own function."""

    SMTP = "smtp"
    APPRISE = "apprise"
    FUNCTION = "function"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One place a message can be sent to. `target` may be secret: it is neither shown nor stored."""

    name: str
    way: Way
    target: str

    def __repr__(self) -> str:
        return f"Address({self.name!r})"


class Recipients(msgspec.Struct, frozen=True, kw_only=True):
    """All recipients: contacts in the order they are told, and channels, which get all the first contact gets."""

    contacts: tuple[tuple[Address, ...], ...] = ()
    channels: tuple[Address, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Contacts without any way of delivery."""
    refused: tuple[str, ...] = ()
    """Parts of the config row's `notification_email` that are no address, each with the reason."""

    @property
    def rungs(self) -> int:
        """The number of escalation steps; channels alone are one."""
        return len(self.contacts) or bool(self.channels)

    def all(self) -> tuple[Address, ...]:
        """Every address once."""
        found = [address for contact in self.contacts for address in contact] + list(self.channels)
        return tuple({address.name: address for address in found}.values())

    def of(self, name: str) -> Address | None:
        """Return the address of that name, if it is still configured."""
        return next((address for address in self.all() if address.name == name), None)


def problems(settings: AlertRules) -> tuple[str, ...]:
    """Return what is wrong with the configured addresses, each in one sentence that shows no secret."""
    found = []
    for number, one in enumerate(settings.contacts, 1):
        if _URL.fullmatch(one) is None and (why := _not_one(one)):
            found.append(f"[alerts] contacts: entry {number} {why}")
    for number, one in enumerate(settings.channels, 1):
        if _URL.fullmatch(one) is None:
            found.append(f"[alerts] channels: entry {number} is not a URL like ntfys://TOPIC")
    if settings.smtp_security not in PORTS:
        found.append(f"[alerts] smtp_security must be one of {', '.join(PORTS)}")
    if settings.smtp_host and _HOST.fullmatch(settings.smtp_host) is None:
        found.append(
            "[alerts] smtp_host must be a host name or an IP address alone, like mail.example.org;"
            " the port is smtp_port, the encryption smtp_security"
        )
    if settings.smtp_host and len(recipients(settings.smtp_from).addresses) != 1:
        found.append("[alerts] smtp_from must be the e-mail address that alerts come from")
    if settings.desktop not in {"", "osc9", "osc777"}:
        found.append("[alerts] desktop must be osc9 or osc777")
    return tuple(found)


def _not_one(contact: str) -> str:
    """Return why a contact is not exactly one address; empty if it is."""
    found = recipients(contact)
    if len(found.addresses) == 1 and not found.refused:
        return ""
    if found.addresses:
        return "names several addresses: write one entry for each"
    why = found.refused[0] if found.refused and _PLAIN.fullmatch(contact) else ""
    return f"is not an e-mail address or a URL like ntfys://TOPIC{f': {why}' if why else ''}"


def recipients_for(settings: AlertRules, notification_email: str) -> Recipients:
    """Return the recipients: the contacts of the settings, else those in the config row's `notification_email`."""
    row = recipients(notification_email) if not settings.contacts else ParsedAddresses()
    contacts, unreachable = [], []
    for one in settings.contacts or row.addresses:
        ways = _ways(one, settings)
        contacts.append(ways) if ways else unreachable.append(one)
    return Recipients(
        contacts=tuple(contacts),
        channels=tuple(_by_url(one) for one in settings.channels),
        unreachable=tuple(unreachable),
        refused=row.refused,
    )


def _ways(contact: str, settings: AlertRules) -> tuple[Address, ...]:
    if _URL.fullmatch(contact):
        return (_by_url(contact),)
    (to,) = recipients(contact).addresses
    ways = []
    if settings.smtp_host:
        ways.append(Address(name=to, way=Way.SMTP, target=to))
    if settings.email_template:
        ways.append(Address(name=f"{to} (function)", way=Way.FUNCTION, target=to))
    return tuple(ways)


def _by_url(url: str) -> Address:
    mark = hashlib.sha256(url.encode()).hexdigest()[:6]
    return Address(name=f"{url.partition(':')[0].lower()}-{mark}", way=Way.APPRISE, target=url)
