"""The project's own mail function has two contracts in the field: both are offered, and what worked is said."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.alerting.mail_function import MailFunction
from core.alerting.message import Message
from core.alerting.settings import AlertRules
from core.backend.faults import Failed, down, of_machine, of_rights, refusal
from core.domain.alerts import Phase, Severity
from core.resilience.fault import Evidence, Fault
from tests.actions.driving import Driven
from tests.alerting.mail_server import ANNA
from tests.running import Command, Running

LETTER = Message(id="i", thread="t", subject="s", body="b", severity=Severity.CRITICAL, phase=Phase.FIRING)
REAL = {"template_id": "t", "recipient_email": ANNA}
DOCUMENTED = {"template": "t", "to": ANNA}


class Function:
    """Answers each call with the next fault; anything else accepts. `asked` are the bodies that came."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, body: dict[str, Any]) -> object:
        self.asked.append(body)
        answer = self._answers.pop(0)
        if isinstance(answer, Fault):
            raise Failed(answer)
        return answer


def server(words: str, status: int = 500) -> Fault:
    fault = down("server", f"the server answered {status} ({words})")
    return msgspec.structs.replace(fault, status=status)


async def sent(function: Function, mail: MailFunction | None = None) -> str:
    return await (mail or MailFunction(function)).send(ANNA, "t", LETTER)


async def test_the_real_contract_comes_first() -> None:
    function = Function(None)
    assert "template_id" in await sent(function)
    (body,) = function.asked
    assert body == REAL | {"custom_data": {"id": "i", "subject": "s", "text": "b", "severity": "critical"}}


NO = msgspec.structs.replace(refusal("refused_request", "no"), status=400)


@pytest.mark.parametrize("refused", [server("Template not found"), NO])
async def test_where_it_is_refused_the_other_one_is_offered_and_kept(refused: Fault) -> None:
    function = Function(refused, None, None)
    mail = MailFunction(function)
    assert "{template, to, data}" in await sent(function, mail)
    await sent(function, mail)
    assert [set(body) & {"to", "recipient_email"} for body in function.asked] == [{"recipient_email"}, {"to"}, {"to"}]


LOST = {
    "no answer": down("timeout", "silent", evidence=Evidence.SILENT),
    "a page": down("proxy", "a proxy answered 502 instead of the API"),
    "no way": of_machine("no_dns", "no"),
    "too many": msgspec.structs.replace(down("rate_limited", "no", evidence=Evidence.ALIVE), status=429),
    "a gateway's time is over": server("upstream", 504),
    "a worker that was ended": server("limits", 546),
    "our key": of_rights("function_wants_jwt", "no", "x"),
}


@pytest.mark.parametrize("case", LOST)
async def test_what_may_have_been_sent_or_cannot_help_is_not_tried_the_other_way(case: str) -> None:
    function = Function(LOST[case])
    with pytest.raises(Failed):
        await sent(function)
    assert len(function.asked) == 1


async def test_a_500_is_not_sent_and_both_reasons_are_said() -> None:
    function = Function(server("Unauthorized"), server("template_id is required"))
    with pytest.raises(Failed) as caught:
        await sent(function)
    assert "Unauthorized" in caught.value.fault.message
    assert "template_id is required" in caught.value.fault.message


@pytest.mark.parametrize("said", [{"success": False, "error": "no"}, b'{"success":false}', {"error": "no"}])
async def test_an_answer_that_says_it_was_not_sent_is_not_sent(said: object) -> None:
    function = Function(said, said)
    with pytest.raises(Failed, match="both contracts"):
        await sent(function)
    assert "template_id" in await sent(Function(b"ok"))


@pytest.mark.parametrize("account", ["master", "service_role"])
async def test_it_is_mailed_as_the_deployed_function_wants_it(account: str, sandbox: Running, tmp_path: Path) -> None:
    (template, *_) = sandbox.functions()["templates"]
    rules = AlertRules(contacts=(ANNA,), email_template=template)
    driven = await Driven.as_(account, sandbox, tmp_path, alerts=rules).begin()
    (tried,) = await driven.monitor.try_alerts()
    await driven.monitor.close()
    mails = sandbox.functions()["emails"]
    if account == "master":
        assert (tried.why, tried.how) == ("", "as {template_id, recipient_email, custom_data}")
        assert mails[-1]["recipient_email"] == ANNA
        assert mails[-1]["custom_data"]["severity"]
    elif sandbox.shape == "deployed":
        assert "Unauthorized" in tried.why
        assert tried.how == ""
    else:  # the documented function takes names of templates of anybody
        assert tried.how == "as {template, to, data}"


def test_notify_says_by_which_contract(sandbox: Running, command: Command) -> None:
    (template, *_) = sandbox.functions()["templates"]
    settings = {"WATCHDESK_ALERTS_CONTACTS": ANNA, "WATCHDESK_ALERTS_EMAIL_TEMPLATE": template}
    master = {"SUPABASE_KEY": sandbox.publishable_key, "SUPABASE_EMAIL": sandbox.info["user"],
              "SUPABASE_PASSWORD": sandbox.info["password"]}  # fmt: skip
    done = command("notify", "--test", sandbox=sandbox, **settings, **master)
    assert done.returncode == 0, done.stderr
    assert "accepted (as {template_id, recipient_email, custom_data})" in done.stdout


def test_a_new_key_is_refused_by_name(sandbox: Running, command: Command) -> None:
    settings = {"WATCHDESK_ALERTS_CONTACTS": ANNA, "WATCHDESK_ALERTS_EMAIL_TEMPLATE": "t"}
    done = command("notify", "--test", sandbox=sandbox, **settings, WATCHDESK_FUNCTION_KEY="")
    assert done.returncode == 4
    assert "WATCHDESK_FUNCTION_KEY" in done.stderr
