"""Addresses as people write them, against a real mail server: exactly the one written, or refused by name."""

import asyncio
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from core.alerting.mail_addresses import recipients
from core.alerting.message import Message
from core.alerting.notifiers import Notifiers
from core.alerting.recipients import Way, problems, recipients_for
from core.alerting.settings import AlertRules
from core.domain.alerts import Phase, Severity
from tests.alerting.mail_server import Alarming, Mailbox, Server, body, free_port, stop
from tests.running import Command, Running

LONG = "x" * 65
ONE = {
    "anna@example.org": "anna@example.org",
    " anna@example.org ": "anna@example.org",
    "<anna@example.org>": "anna@example.org",
    "Anna <anna@example.org>": "anna@example.org",
    "Ünal Öz <u@example.org>": "u@example.org",
    '"O\'Brien, Pat" <pat@example.org>': "pat@example.org",
    '"boris@example.org" <pat@example.org>': "pat@example.org",
    "anna@example.org (on call)": "anna@example.org",
    "anna@example.org,": "anna@example.org",
    "o'brien@example.org": "o'brien@example.org",
    "'anna'@example.org": "'anna'@example.org",
    "a+b@example.org": "a+b@example.org",
    "a=b@example.org": "a=b@example.org",
    "a/b@example.org": "a/b@example.org",
    "a?b&c@example.org": "a?b&c@example.org",
    "a#b@example.org": "a#b@example.org",
    "a%40b@example.org": "a%40b@example.org",
    "!root@example.org": "!root@example.org",
    "{x}~|`^_$*@example.org": "{x}~|`^_$*@example.org",
    "first.last@example.org": "first.last@example.org",
    "ANNA@Example.ORG": "ANNA@Example.ORG",
    "root@localhost": "root@localhost",
    "anna@mail.sub.example.org": "anna@mail.sub.example.org",
    "anna@müller.example": "anna@xn--mller-kva.example",
    "anna@faß.example": "anna@xn--fa-hia.example",
    "日本@例え.jp": "日本@xn--r8jz45g.jp",
    "müller@example.org": "müller@example.org",
}
NONE = (
    *("anna", "@example.org", "anna@", "anna@@example.org", "a@b@example.org", "a..b@example.org", ".a@example.org"),
    *("a.@example.org", '"john doe"@example.org', "anna@exa mple.org", "anna@-x.org", "anna@x-.org", "anna@x..org"),
    *("anna@[127.0.0.1]", "anna@127.0.0.1", f"{LONG}@example.org", f"a@{'x' * 64}.org", "ann\u202ea@example.org"),
    *("anna boris@example.org", "mailto:anna@example.org", "anna@example.org>", "group: a@example.org;", "a\x00@b.org"),
    f"a@{'.'.join(['x' * 60] * 5)}",
)
SEVERAL = {
    "anna@example.org, boris@example.org": ("anna@example.org", "boris@example.org"),
    "anna@example.org;boris@example.org": ("anna@example.org", "boris@example.org"),
    "anna@example.org boris@example.org": ("anna@example.org", "boris@example.org"),
    "anna@example.org\nboris@example.org": ("anna@example.org", "boris@example.org"),
    "Anna <anna@example.org>, 'b'@example.org": ("anna@example.org", "'b'@example.org"),
    "anna@example.org, anna@example.org": ("anna@example.org",),
}


def letter() -> Message:
    return Message(id="1", thread="2", subject="s", body="größer\n", severity=Severity.CRITICAL, phase=Phase.FIRING)


async def nobody(*_: object) -> None:
    raise AssertionError


@pytest.fixture(scope="module")
def server():  # type: ignore[no-untyped-def]  # one server for all forms
    with Server(Mailbox()) as one:
        yield one


@pytest.mark.parametrize("written", ONE)
async def test_each_form_arrives_at_exactly_the_mailbox_that_is_written(written: str, server: Server) -> None:
    server.box.mails.clear()
    rules = server.rules(written)
    assert problems(rules) == ()
    ((address,),) = recipients_for(rules, "").contacts
    assert address.way is Way.SMTP
    await Notifiers(nobody, rules).send(address, letter())
    ((to, mail),) = server.box.mails
    assert to == ONE[written]
    assert body(mail).strip() == "größer"


@pytest.mark.parametrize("written", NONE)
def test_what_is_no_mailbox_is_refused_at_the_start_and_named_where_it_may_be(written: str) -> None:
    rules = AlertRules(contacts=(written,), smtp_host="mail.example.org", smtp_from="w@example.org")
    (why,) = problems(rules)
    assert why.startswith("[alerts] contacts: entry 1 is not an e-mail address or a URL like ntfys://TOPIC")
    assert recipients(written).addresses == ()
    assert len(recipients(written).refused) == 1


@pytest.mark.parametrize("written", SEVERAL)
def test_several_in_one_are_told_one_after_the_other_by_the_config_row(written: str) -> None:
    rules = AlertRules(smtp_host="mail.example.org", smtp_from="w@example.org")
    assert tuple(ways[0].target for ways in recipients_for(rules, written).contacts) == SEVERAL[written]
    if len(SEVERAL[written]) > 1:
        (why,) = problems(AlertRules(contacts=(written,)))
        assert why == "[alerts] contacts: entry 1 names several addresses: write one entry for each"


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        *(("mail.example.org", True), ("localhost", True), ("127.0.0.1", True), ("::1", True), ("fe80::1%eth0", True)),
        *((" mail.example.org", False), ("smtp://mail.example.org", False), ("mail.example.org:587", False)),
        *(("[::1]", False), ("mail.example.org/x", False), ("user@mail.example.org", False)),
    ],
)
def test_a_mail_server_is_a_name_or_an_address_alone(host: str, fine: bool) -> None:
    rules = AlertRules(contacts=("a@example.org",), smtp_host=host, smtp_from="w@example.org")
    assert bool(problems(rules)) is not fine
    assert all("smtp_port" in why for why in problems(rules))


async def test_a_server_that_takes_no_umlauts_is_said_to() -> None:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
    controller.start()
    try:
        rules = AlertRules(
            contacts=("müller@example.org",),
            smtp_host="127.0.0.1",
            smtp_port=controller.port,
            smtp_from="w@example.org",
            smtp_security="none",
        )
        ((address,),) = recipients_for(rules, "").contacts
        with pytest.raises(Exception, match="SMTPUTF8"):
            await Notifiers(nobody, rules).send(address, letter())
    finally:
        await asyncio.to_thread(controller.stop)
    assert box.mails == []


async def test_who_the_config_row_cannot_name_is_said_on_screen(
    sandbox: Running, tmp_path: Path, command: Command
) -> None:
    sandbox.sql(
        "UPDATE autonomous_system_config SET notification_email = %s", "Anna <anna@example.org>; boris (at) example.org"
    )
    with Server(Mailbox()) as server:
        alarming = await Alarming(sandbox, tmp_path, server.rules(contacts=())).begin()
        stop(sandbox)
        await alarming.minute()
        assert [to for to, _ in server.box.mails] == ["anna@example.org"]
        notices = alarming.driven.monitor.snapshot.notices
        await alarming.close()
    assert [one for one in notices if "notification_email" in one and "boris" in one]
