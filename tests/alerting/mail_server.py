"""A real SMTP server that keeps what it accepts, and a monitor whose alerts go there."""

import socket
import ssl
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from core.alerting.settings import AlertRules
from tests.actions.driving import Driven, read_config_only
from tests.clock import FakeClock
from tests.running import Running

ANNA, BORIS = "anna@example.org", "boris@example.org"


class Mailbox:
    """Keeps messages. `refused` are recipients it does not take; `before_answer` is called once a message is here."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Message]] = []
        self.refused: set[str] = set()
        self.before_answer: Any = None
        self.tls: list[bool] = []

    async def handle_RCPT(  # noqa: N802 - what the server calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such person here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - what the server calls it
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mail = message_from_bytes(envelope.content or b"", policy=default)
        self.tls.append(session.ssl is not None)
        self.mails += [(to, mail) for to in envelope.rcpt_tos]
        if self.before_answer is not None:
            self.before_answer()
        return "250 accepted"

    def to(self, address: str) -> list[Message]:
        return [mail for to, mail in self.mails if to == address]

    def subjects(self, address: str = ANNA) -> list[str]:
        return [" ".join(str(mail["Subject"]).split()) for mail in self.to(address)]


def body(mail: Message) -> str:
    """The text of a message, whichever parts it has."""
    part = mail.get_body(("plain",)) if hasattr(mail, "get_body") else mail
    return str(part.get_content() if part is not None else "")


class Server:
    """An SMTP server on 127.0.0.1; `security` as the settings name it; wants a login where it is encrypted."""

    def __init__(self, box: Mailbox, *, security: str = "none", place: Path | None = None, port: int = 0) -> None:
        self.box = box
        self.security = security
        more: dict[str, Any] = {}
        if security != "none":
            assert place is not None
            authority = trustme.CA()
            self.ca = place / "ca.pem"
            authority.cert_pem.write_to_path(self.ca)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
            name = "ssl_context" if security == "tls" else "tls_context"
            more = {name: context, "authenticator": _login, "auth_required": True}
            more |= {"require_starttls": True} if security == "starttls" else {"auth_require_tls": False}
        self.port = port or free_port()
        self.controller = Controller(box, hostname="127.0.0.1", port=self.port, **more)

    def __enter__(self) -> "Server":
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    def rules(self, *contacts: str, **more: Any) -> AlertRules:
        """Settings that send here."""
        login = {} if self.security == "none" else {"smtp_user": "watchdesk", "smtp_password": "p@ss w/rd"}
        return AlertRules(
            **{
                "contacts": contacts or (ANNA,),
                "smtp_host": "127.0.0.1",
                "smtp_port": self.port,
                "smtp_from": "watchdesk@example.org",
                "smtp_security": self.security,
            }
            | login
            | more
        )


def free_port() -> int:
    """The server knocks at its own port to start, so it must know it beforehand."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _login(_server: SMTP, _session: Session, _envelope: Envelope, _way: str, told: object) -> AuthResult:
    right = isinstance(told, LoginPassword) and (told.login, told.password) == (b"watchdesk", b"p@ss w/rd")
    return AuthResult(success=right, handled=False)


class Alarming:
    """A driven monitor whose alerts are evaluated when told; `minute` is one evaluation and all that it sends."""

    def __init__(self, sandbox: Running, home: Path, rules: AlertRules, clock: FakeClock | None = None, **more: Any):
        account = more.pop("account", "service_role")
        self.driven = Driven.as_(account, sandbox, home, clock, alerts=rules, **more)
        self.alarms = self.driven.parts.alerts
        self.queue = self.alarms.notifications.outbox
        self.clock = self.driven.clock

    async def begin(self) -> "Alarming":
        await self.driven.begin()
        await self.alarms.restore()
        return self

    async def minute(self, after_s: float = 60.0, *, check: bool = True) -> None:
        self.clock.advance(after_s)
        await self.driven._look_around()
        if check:
            await self.driven.monitor.check()
        if self.driven._timed and self.driven.parts.lease.valid():  # as its holder does at each check
            await self.driven.parts.health_log.write({}, 0.0)
        await self.alarms.evaluate()
        await self.queue.settled()
        self.driven.monitor._publish()

    async def minutes(self, count: int, *, check: bool = True) -> None:
        for _ in range(count):
            await self.minute(check=check)

    async def close(self) -> None:
        await self.alarms.close()
        await self.driven.monitor.close()


class Sparing(Alarming):
    """Reads all that panels show once, and then of it the config row only: for who tells whom of an alert, and when.

    It runs its checks once, and later where it is told to. What is down then is not seen by what the panels show: that
    wants an `Alarming`.
    """

    async def minute(self, after_s: float = 60.0, *, check: bool = False) -> None:
        await super().minute(after_s, check=check)

    async def minutes(self, count: int, *, check: bool = False) -> None:
        await super().minutes(count, check=check)

    async def begin(self) -> "Alarming":
        await super().begin()
        await self.driven.monitor.check()
        read_config_only(self.driven)
        return self


def stop(sandbox: Running, reason: str = "a hand at the database") -> None:
    """Set the emergency stop by hand, as nobody's order."""
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = %s", reason)


def lift(sandbox: Running) -> None:
    """Clear it by hand."""
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = false, emergency_stop_reason = NULL")
