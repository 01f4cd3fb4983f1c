"""This machine's route out: its proxy, the hosts exempt from it, and trusted certificates, from the usual variables.

The HTTP library reads them, too, but knows neither networks nor brackets in NO_PROXY, and raises errors of many kinds
for values it cannot use. Here each becomes one fault that names the variable.
"""

import contextlib
import functools
import ipaddress
import os
import platform
import re
import ssl
import stat
import urllib.request
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from core.backend.faults import Failed, Proxy, lacking, of_machine
from core.base.text import clean

_SYSTEM: Final = "proxy settings of the system"
_KEY_LOG: Final = "SSLKEYLOGFILE"
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class NetworkRoute(msgspec.Struct, frozen=True):
    """The route to a URL: through a proxy or not, and the certificates that are trusted.

    `proxy` is for messages; `through` is for the HTTP library.
    """

    proxy: Proxy | None
    through: httpx.Proxy | None
    trusted: ssl.SSLContext


def way_out(url: str) -> NetworkRoute:
    """Return the route to `url`. Reads files: call it in a thread. Raises Failed, whose fault names the variable."""
    proxy, through = proxy_for(url)
    return NetworkRoute(proxy, through, authorities())


@functools.cache
def authorities() -> ssl.SSLContext:
    """Return a context that checks servers. The first call reads some 150 certificates: 25 ms, 1 MB. Raises Failed."""
    variable = _special(_KEY_LOG, stat.S_ISFIFO) or _special("SSL_CERT_FILE", lambda mode: not stat.S_ISREG(mode))
    if variable:
        raise _unusable(variable, "it does not name a regular file")
    directory = os.environ.get("SSL_CERT_DIR")
    if directory and not os.environ.get("SSL_CERT_FILE") and not all(map(os.path.isdir, directory.split(os.pathsep))):
        raise _unusable("SSL_CERT_DIR", "it does not name a directory")
    try:
        return httpx.create_ssl_context()
    except ssl.SSLError as error:
        raise _unusable(_first_set(*_CERTIFICATES), "it holds no certificate") from error
    except (OSError, ValueError) as error:
        if (fault := lacking(error)) is not None:
            raise Failed(fault) from error
        refuses = _refuses_lines(os.environ.get(_KEY_LOG))
        variable = _KEY_LOG if refuses else _first_set(*_CERTIFICATES)
        told = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise _unusable(variable, clean(told, 80).lower()) from error


def proxy_for(url: str, environment: Mapping[str, str] | None = None) -> tuple[Proxy | None, httpx.Proxy | None]:
    """Return the proxy for `url`, as the usual variables or the system name it. Raises Failed where it is unusable."""
    known = urllib.request.getproxies()
    environment = os.environ if environment is None else environment
    target = urlsplit(url)
    host, port = target.hostname or "", target.port or {"http": 80, "https": 443}.get(target.scheme, 0)
    value = known.get(target.scheme) or known.get("all")
    if not value or exempt(host, port, known.get("no", "")) or _exempt_by_system(host, environment):
        return None, None
    variable = next(
        (
            name
            for kind in (target.scheme, "all")
            for name in (f"{kind}_proxy", f"{kind}_proxy".upper())
            if environment.get(name) == value
        ),
        _SYSTEM,
    )
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        if "@" in parts.path + parts.query + parts.fragment:
            raise _unusable(variable, "a / ? or # in its password must be written as %2F, %3F or %23")
        address = f"{parts.hostname or ''}:{parts.port or {'https': 443}.get(parts.scheme, 80)}"
    except ValueError as error:
        raise _unusable(variable, "it is no address") from error
    if parts.scheme.startswith("socks") and not (parts.scheme in {"socks5", "socks5h"} and find_spec("socksio")):
        raise _unusable(variable, "it names a SOCKS proxy, which watchdesk cannot use; name an HTTP proxy")
    if parts.scheme not in {"http", "https", "socks5", "socks5h"} or not parts.hostname:
        raise _unusable(variable, "it is not a proxy address like http://proxy.example:3128")
    try:
        through = httpx.Proxy(value if "://" in value else f"http://{value}")
    except (ValueError, UnicodeError, httpx.InvalidURL) as error:
        raise _unusable(variable, "it is no address") from error
    forwards = target.scheme == "http" and parts.scheme in {"http", "https"}
    return Proxy(variable=variable, address=clean(address, 80), forwards=forwards), through


def exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether NO_PROXY names a host: `*`, a name (and all below it), an address, a network, any with a port."""
    host = _ascii(host.strip("[]").lower().rstrip("."))
    address = _address(host)
    for entry in re.split(r"[,\s]+", no_proxy.lower()):
        name, only = _name_and_port(entry.split("://", 1)[-1].rstrip("/"))
        if not name or (only is not None and only != port):
            continue
        if name == "*":
            return True
        if address is not None:
            if _names_address(name, address):
                return True
            continue
        name = _ascii(name.removeprefix("*").strip("."))
        if name and (host == name or host.endswith(f".{name}")):
            return True
    return False


def _names_address(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether an entry is that address, or a network it is in; one of IPv4 may be written as one of IPv6."""
    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address) and isinstance(network, ipaddress.IPv6Network):
        return ipaddress.IPv6Address(f"::ffff:{address}") in network
    return address in network


def _ascii(name: str) -> str:
    """Return a host's name in ASCII, as the network knows it."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _name_and_port(entry: str) -> tuple[str, int | None]:
    """Return the name without brackets, and the port if any: `[::1]:443`, `[fe80::]/10`, `::1`, `name:443`, `name`."""
    if match := re.fullmatch(r"\[([^\]]*)\](/\d+)?(?::(\d{1,5}))?", entry):
        return match[1] + (match[2] or ""), int(match[3]) if match[3] else None
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        if port and not re.fullmatch(r"[0-9]{1,5}", port):
            return "", None  # a port that is none: nobody is meant
        return name, int(port) if port else None
    return entry, None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _exempt_by_system(host: str, environment: Mapping[str, str]) -> bool:
    """Return whether the settings of macOS or Windows exempt a host; they hold where no variable names a proxy."""
    by_variables = any(name.lower().endswith("_proxy") for name in environment)
    return not by_variables and platform.system() in {"Darwin", "Windows"} and bool(urllib.request.proxy_bypass(host))


def _special(variable: str, is_special: Callable[[int], bool]) -> str:
    """Return the variable if the file that it names exists and is of a kind that cannot be used; else empty."""
    path = os.environ.get(variable)
    if not path:
        return ""
    with contextlib.suppress(OSError, ValueError):
        return variable if is_special(os.stat(path).st_mode) else ""
    return ""


def _first_set(*variables: str) -> str:
    return next(filter(os.environ.get, variables), "list of certificates")


def _refuses_lines(path: str | None) -> bool:
    if not path:
        return False
    try:
        with open(path, "ab"):
            return False
    except (OSError, ValueError):
        return True


def _unusable(variable: str, why: str) -> Failed:
    message = f"this machine's {variable} cannot be used: {why}"
    return Failed(of_machine("unusable_variable", message, f"fix {variable}, or unset it"))
