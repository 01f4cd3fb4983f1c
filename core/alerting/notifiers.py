"""Sends one message to one address. A failure is described in words that show no secret.

The library blocks, so each sending has a thread of its own that is not waited for at the end of the process.
"""

import logging
import re
import threading
from typing import Any, Final
from urllib.parse import unquote

from core.alerting.mail_function import Invoke, MailFunction
from core.alerting.message import Message, headers
from core.alerting.recipients import Address, Way
from core.alerting.settings import AlertRules
from core.backend.faults import Failed
from core.base.daemon_thread import in_daemon_thread
from core.base.text import clean
from core.domain.alerts import Severity
from core.resilience.fault import Counts, Evidence, Fault

COMPONENT: Final = "alert"
_KINDS: Final = {Severity.CRITICAL: "failure", Severity.HIGH: "warning", Severity.MEDIUM: "warning"}
_URL: Final = re.compile(r"\b[a-z][a-z0-9+-]*://\S+", re.IGNORECASE)
_PARTS: Final = re.compile(r"[/?&=:@#]+")
_SHORTEST_SECRET: Final = 4
"""The shortest part of an address that is blotted out, characters: a shorter one is no secret."""
_NO_URL: Final = "not a URL that can be sent to"
_LIBRARY: Final = logging.getLogger("apprise")


class Notifiers:
    """Every way to send, by the settings. `invoke` calls the project's own mail function."""

    def __init__(self, invoke: Invoke, settings: AlertRules) -> None:
        self._function = MailFunction(invoke)
        self._settings = settings
        _LIBRARY.propagate = False  # its messages hold addresses: only the last one is used, without secrets

    async def send(self, address: Address, message: Message) -> str:
        """Send, and return the way it was accepted where there are several; else empty.

        Raises Failed when it was not accepted, or the project could not be asked.
        """
        if address.way is Way.FUNCTION:
            return await self._function.send(address.target, self._settings.email_template, message)
        if address.way is Way.SMTP:
            why = await in_daemon_thread(lambda: _mail(address, message, self._settings), "alert")
        else:
            why = await in_daemon_thread(lambda: _notify(address, message), "alert")
        if why:
            raise Failed(_fault(why))
        return ""

    async def takes(self, address: Address, timeout_s: float) -> str:
        """Return why an address would not be accepted, as far as it shows without sending anything; empty: it would.

        Of a mail server each step is taken `timeout_s` seconds at most, and all but the message itself; of a channel's
        URL only whether it is one; of the project's function nothing.
        """
        if address.way is Way.FUNCTION:
            return ""
        if address.way is Way.SMTP:
            return await in_daemon_thread(lambda: _offered(address, self._settings, timeout_s), "alert")
        return await in_daemon_thread(lambda: "" if _channel(address) is not None else _NO_URL, "alert")


def _offered(address: Address, settings: AlertRules, timeout_s: float) -> str:
    from core.alerting.smtp import offer_mail  # noqa: PLC0415 - most monitors never send

    return offer_mail(address.target, settings, timeout_s)


def _mail(address: Address, message: Message, settings: AlertRules) -> str:
    from core.alerting.smtp import send_mail  # noqa: PLC0415 - most monitors never send

    return send_mail(message, address.target, settings)


def _notify(address: Address, message: Message) -> str:
    """Send with the library. Returns an empty text when it was accepted, else why not."""
    hearing = _LastComplaint(address.target)
    _LIBRARY.addHandler(hearing)
    _LIBRARY.setLevel(logging.DEBUG)
    try:
        import apprise  # noqa: PLC0415 - a tenth of a second, and most monitors never send

        channel = _channel(address)
        if channel is None:
            return _NO_URL
        if address.target.startswith("mailto"):
            channel.headers.update(headers(message))
        accepted = channel.notify(  # called directly: a collection of channels would use threads of the library
            body=message.body,
            title=message.subject,
            notify_type=apprise.NotifyType(_KINDS.get(message.severity, "info")),
            body_format=apprise.NotifyFormat.TEXT,
        )
    except Exception as error:  # noqa: BLE001 - a hundred plugins: whatever it was, this message was not accepted
        return _without_secrets(str(error), address.target) or type(error).__name__
    finally:
        _LIBRARY.removeHandler(hearing)
    return "" if accepted else hearing.word or "not accepted"


def _channel(address: Address) -> Any:
    """Return the library's channel, which it knows by the URL; `None` where it knows none."""
    import apprise  # noqa: PLC0415 - a tenth of a second, and most monitors never send

    asset = apprise.AppriseAsset(app_id="watchdesk", storage_mode=apprise.PersistentStoreMode.MEMORY)
    return apprise.Apprise.instantiate(address.target, asset=asset, suppress_exceptions=True)


def _without_secrets(text: str, target: str) -> str:
    """Return the library's message without the parts of the address that may be secret, which most are."""
    rest = target.partition("://")[2]
    if target.startswith("mailto"):
        rest = rest.rpartition("@")[0].partition(":")[2]  # only the password is secret, not user and host
        parts = [rest]
    else:
        parts = _PARTS.split(rest)
    secrets = {part for given in parts for part in (given, unquote(given)) if len(part) >= _SHORTEST_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    return clean(_URL.sub("…", text), 200)


class _LastComplaint(logging.Handler):
    """Keeps the library's last log message in this thread."""

    def __init__(self, target: str) -> None:
        super().__init__(logging.DEBUG)
        self._target = target
        self._thread = threading.get_ident()
        self.word = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        complaint = record.levelno >= logging.WARNING or "Exception" in text
        if record.thread == self._thread and complaint and not text.startswith(("Sending email", "Connection error")):
            self.word = _without_secrets(text.removeprefix("Socket Exception: "), self._target)


def _fault(text: str) -> Fault:
    return Fault(kind="undelivered", counts=Counts.FAILURE, evidence=Evidence.NONE, message=text, component=COMPONENT)
