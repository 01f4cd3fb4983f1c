"""Sends one message to exactly one mailbox, over SMTP. It blocks."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final

from core.alerting.mail_addresses import recipients
from core.alerting.message import Message, headers
from core.alerting.settings import PORTS, AlertRules
from core.base.text import clean

_TIMEOUT_S: Final = 20.0
_TAKEN: Final = {250, 251}
_SHORTEST_SECRET: Final = 4
"""The length below which a password is not masked: it would mask much of every sentence."""


def send_mail(message: Message, to: str, settings: AlertRules) -> str:
    """Send to the mailbox `to`. Returns an empty text once the server accepted it, else why not."""
    return _on_server(
        settings,
        lambda server: server.send_message(_mail(message, to, settings), from_addr=_sender(settings), to_addrs=[to]),
    )


def offer_mail(to: str, settings: AlertRules, timeout_s: float) -> str:
    """Ask the server whether it takes mail for `to`, and send none. Returns as above."""

    def offer(server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        for code, said in (server.mail(_sender(settings)), server.rcpt(to)):
            if code not in _TAKEN:
                raise smtplib.SMTPResponseException(code, said)
        server.rset()

    return _on_server(settings, offer, timeout_s)


def _on_server(settings: AlertRules, work: Callable[[smtplib.SMTP], object], timeout_s: float = _TIMEOUT_S) -> str:
    try:
        with _connected(settings, timeout_s) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            work(server)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return _without_secrets(_words(error, settings), settings.smtp_password)
    return ""


def _connected(settings: AlertRules, timeout_s: float) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port or PORTS[settings.smtp_security]
    name = socket.gethostname()
    myself = name if name.isascii() and name else "localhost"  # no question to a name server about ourselves
    if settings.smtp_security == "tls":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, local_hostname=myself, timeout=timeout_s, context=trusted)
    server = smtplib.SMTP(host, port, local_hostname=myself, timeout=timeout_s)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _mail(message: Message, to: str, settings: AlertRules) -> EmailMessage:
    """Return the message with headers by which mail programs thread an episode and recognise a second copy."""
    sender = _sender(settings)
    mail = EmailMessage(policy=SMTP if to.isascii() and sender.isascii() else SMTPUTF8)
    mail["From"] = _shown("watchdesk", sender)
    mail["To"] = _shown("", to)
    mail["Subject"] = message.subject
    for name, value in headers(message).items():
        mail[name] = value
    mail.set_content(message.body)
    return mail


def _shown(name: str, address: str) -> Mailbox:
    local, _, host = address.rpartition("@")
    return Mailbox(display_name=name, username=local, domain=host)


def _sender(settings: AlertRules) -> str:
    return recipients(settings.smtp_from).addresses[0]


def _words(error: Exception, settings: AlertRules) -> str:
    where = f"{settings.smtp_host}:{settings.smtp_port or PORTS[settings.smtp_security]}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()), (0, b""))
        return f"{code} {_text(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
        return f"{where} offers no STARTTLS; set [alerts] smtp_security to tls or none"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return f"{where} does not begin with TLS; set [alerts] smtp_security to starttls or none"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{where} ended the connection"
    if isinstance(error, socket.gaierror):
        return f"no such mail server: {settings.smtp_host}"
    if isinstance(error, ConnectionRefusedError):
        return f"{where} refuses connections"
    if isinstance(error, TimeoutError):
        return f"{where} does not answer"
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


def _without_secrets(text: str, password: str) -> str:
    return clean(text.replace(password, "…") if len(password) >= _SHORTEST_SECRET else text, 200)
