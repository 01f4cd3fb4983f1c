"""E-mail addresses as people write them: each is exactly one mailbox, or refused with the reason. Pure."""

import functools
import re
from typing import Any, Final

import idna
import msgspec

from core.base.text import clean

_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254
_SIGNS: Final = r"[^\x00-\x20\x7f()<>@,;:\\\".\[\]]+"
"""What a bare address may have, letters of any language among it: told by what it may not, which compiles at once."""
_ATOM: Final = re.compile(rf"{_SIGNS}(?:\.{_SIGNS})*")
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_SEPARATORS: Final = re.compile(r"[;\r\n]+")
_SPECIAL: Final = frozenset('<>()[]"\\:,; ')
"""Characters that no bare address has."""


class ParsedAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses in a text, as they are sent to, and the parts that are none, each with the reason."""

    addresses: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@functools.lru_cache(maxsize=64)  # the recipients are asked for with each snapshot
def recipients(text: str) -> ParsedAddresses:
    """Parse one address or several, with names, and commas, semicolons or blanks between them."""
    written = _SEPARATORS.sub(",", text.strip()) if '"' not in text else text.strip()
    words = written.replace(",", " ").split()
    if not {"<", '"'} & set(written) and all("@" in word for word in words):
        written = ", ".join(words)
    addresses: list[str] = []
    refused: list[str] = []
    for one in _parsed(written):
        found = _mailbox(one)
        if found.address:
            addresses.append(found.address)
        else:
            refused.append(found.why)
    return ParsedAddresses(addresses=tuple(dict.fromkeys(addresses)), refused=tuple(refused))


class _Found(msgspec.Struct, frozen=True):
    address: str = ""
    why: str = ""


def _parsed(text: str) -> list[str]:
    """Return each address of an address header; the text itself where it cannot be parsed as one."""
    if not text:
        return []
    if not _SPECIAL & set(text):
        return [text]
    from email.headerregistry import HeaderRegistry  # noqa: PLC0415 - 0.6 MB that one bare address does without

    try:
        header: Any = HeaderRegistry()("To", text)
    except (IndexError, ValueError, AttributeError):  # the standard library fails on some invalid addresses
        return [text]
    specs = [one.addr_spec for one in header.addresses]
    if specs and not header.defects:
        return specs
    parts = text.split(",") if '"' not in text else [text]
    return [text] if len(parts) == 1 else [spec for part in parts for spec in _parsed(part.strip())]


def _mailbox(spec: str) -> _Found:
    """Return the address as it is sent to: its host in ASCII, all else as written."""
    shown = clean(spec, 80)
    local, at, host = spec.rpartition("@")
    if not at or not local or not host:
        return _Found(why=f"{shown!r} is not an e-mail address")
    if not _ATOM.fullmatch(local) or not local.isprintable():
        return _Found(why=f"{shown!r} is not an e-mail address that mail can be sent to")
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return _Found(why=f"{shown!r}: {clean(host, 60)} is not a host name")
    if not all(_LABEL.fullmatch(label) for label in ascii_host.split(".")) or ascii_host.split(".")[-1].isdigit():
        return _Found(why=f"{shown!r}: {clean(host, 60)} is not a host name")
    address = f"{local}@{ascii_host}"
    if len(local.encode()) > _LONGEST_LOCAL or len(address.encode()) > _LONGEST:
        return _Found(why=f"{shown!r} is longer than an e-mail address can be")
    return _Found(address=address)
