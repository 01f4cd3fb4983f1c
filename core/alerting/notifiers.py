"""Sends one message to one address. A failure is described in words that show no secret.

The library blocks, so each sending has a thread of its own that is not waited for at the end of the process.
"""

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from core.alerting.mail_function import Invoke, MailFunction
from core.alerting.message import Message, headers
from core.alerting.recipients import Address, Way
from core.alerting.settings import AlertRules
from core.backend.faults import Failed
from core.base.text import clean
from core.domain.alerts import Severity
from core.resilience.fault import Counts, Evidence, Fault

COMPONENT: Final = "alert"
_KINDS: Final = {Severity.CRITICAL: "failure", Severity.HIGH: "warning", Severity.MEDIUM: "warning"}
_URL: Final = re.compile(r"\b[a-z][a-z0-9+-]*://\S+", re.IGNORECASE)
_PARTS: Final = re.compile(r"[/?&=:@#]+")
_SHORTEST_SECRET: Final = 4
"""The shortest part of an address that is blotted out, characters: a shorter one is no secret."""
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
            why = await _in_a_thread(lambda: _mail(address, message, self._settings))
        else:
            why = await _in_a_thread(lambda: _notify(address, message))
        if why:
            raise Failed(_fault(why))
        return ""


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

        asset = apprise.AppriseAsset(app_id="watchdesk", storage_mode=apprise.PersistentStoreMode.MEMORY)
        channel = apprise.Apprise.instantiate(address.target, asset=asset, suppress_exceptions=True)
        if channel is None:
            return "not a URL that can be sent to"
        if address.target.startswith("mailto"):
            channel.headers.update(headers(message))  # type: ignore[attr-defined]  # what mail channels have
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


async def _in_a_thread(work: Callable[[], str]) -> str:
    """Run blocking work in a thread, which ends with the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def give(result: str) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = work()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
            loop.call_soon_threadsafe(give, result)

    threading.Thread(target=run, name="alert", daemon=True).start()
    return await done


def _fault(text: str) -> Fault:
    return Fault(kind="undelivered", counts=Counts.FAILURE, evidence=Evidence.NONE, message=text, component=COMPONENT)
