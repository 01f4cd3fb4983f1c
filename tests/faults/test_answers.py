"""What an answer means depends on who asked: the remedy is the one that helps this credentials."""

import pytest

from core.backend.answers import Credentials, answer_fault, function_fault
from core.backend.client import Backend
from core.backend.faults import Failed, Trace, down
from core.backend.target import Target
from core.base.clock import SystemClock
from core.resilience.fault import Counts, Evidence, Party
from tests.faults.test_client import error
from tests.wire import answer, wire

SECRET, PUBLIC, USER = Credentials(secret=True, new_key=True), Credentials(), Credentials(user=True)
JSON = "application/json"


def trace(status: int, kind: str = JSON) -> Trace:
    return Trace(sent=True, status=status, content_type=kind)


ALIVE = ["22P02", "22012", "23505", "23514", "42P17", "42601", "P0001", "P0002", "PT402", "PT503"]


@pytest.mark.parametrize("code", ALIVE)
@pytest.mark.parametrize("status", [400, 402, 500, 503])
def test_a_database_that_read_the_statement_is_alive_whatever_the_status(code: str, status: int) -> None:
    fault = answer_fault(trace(status), code=code, message="told")
    assert fault is not None
    assert (fault.counts, fault.evidence, fault.party) == (Counts.SUCCESS, Evidence.ALIVE, Party.PROJECT)


@pytest.mark.parametrize("code", ["57014", "53300", "25006", "XX000", "08006", "53200", "P0", "220"])
def test_other_classes_in_a_5xx_are_a_failure(code: str) -> None:
    fault = answer_fault(trace(500), code=code, message="told")
    assert fault is not None
    assert (fault.counts, fault.evidence) == (Counts.FAILURE, Evidence.DOWN)


@pytest.mark.parametrize("words", ["exceed_egress_quota", ""])
def test_402_is_the_platform_and_names_the_plan(words: str) -> None:
    fault = answer_fault(trace(402), code=None, message=words)
    assert fault is not None
    assert (fault.kind, fault.party, fault.person) == ("restricted", Party.PLATFORM, True)
    assert "spend cap" in fault.remedy
    assert words in fault.message


def test_a_missing_grant_says_the_servers_own_hint_whole() -> None:
    hint = "Grant the required privileges to the current role with: GRANT SELECT ON public.t TO service_role; " * 3
    fault = answer_fault(
        trace(403), code="42501", message="permission denied for table t", hint=hint, credentials=SECRET
    )
    assert fault is not None
    assert fault.remedy == hint.strip()
    assert fault.party is Party.RIGHTS


@pytest.mark.parametrize(
    ("credentials", "words"), [(SECRET, "grant the rights"), (PUBLIC, "secret key"), (USER, "master")]
)
def test_without_a_hint_the_remedy_is_the_callers(credentials: Credentials, words: str) -> None:
    fault = answer_fault(trace(403), code="42501", message="denied", credentials=credentials)
    assert fault is not None
    assert words in fault.remedy


@pytest.mark.parametrize(("credentials", "words"), [(SECRET, "SUPABASE_KEY"), (USER, "sign in again")])
@pytest.mark.parametrize("code", ["PGRST301", "PGRST303"])
def test_a_refused_secret_key_is_no_matter_of_signing_in(code: str, credentials: Credentials, words: str) -> None:
    fault = answer_fault(trace(401), code=code, message="No suitable key", credentials=credentials)
    assert fault is not None
    assert words in fault.remedy


@pytest.mark.parametrize(
    ("credentials", "kind"), [(SECRET, "function_wants_jwt"), (Credentials(secret=True), "bad_key"), (USER, "bad_key")]
)
def test_a_function_that_verifies_jwts_is_named_as_such(credentials: Credentials, kind: str) -> None:
    fault = function_fault(trace(401), "Invalid JWT", credentials)
    assert fault is not None
    assert fault.kind == kind
    if kind == "function_wants_jwt":
        assert "--no-verify-jwt" in fault.remedy
        assert "WATCHDESK_FUNCTION_KEY" in fault.remedy


@pytest.mark.parametrize("party", [Party.MACHINE, Party.RIGHTS, Party.WATCHDESK])
def test_nobody_but_the_project_or_its_platform_can_be_proven_down(party: Party) -> None:
    with pytest.raises(ValueError, match="only the project"):
        down("x", "y", party=party)


@pytest.mark.parametrize(("function_key", "sent"), [("", None), ("eyJ.a.b", "Bearer eyJ.a.b")])
async def test_the_functions_key_goes_to_functions_only(function_key: str, sent: str | None) -> None:
    async with wire() as between:
        between.acts["/"] = error("500 x", message="no")
        target = Target(name="t", url=between.url, key="sb_secret_canary", function_key=function_key)
        backend = Backend(target, SystemClock())
        for call in (
            lambda: backend.calls.invoke("f", "POST", {}),
            lambda: backend.calls.rows("read", lambda c: c.table("t").select("*")),
        ):
            with pytest.raises(Failed):
                await call()
        await backend.close()
    to_function, to_table = between.heads
    found = [line.partition(": ")[2] for line in to_function.split("\r\n") if line.lower().startswith("authorization")]
    assert found == ([] if sent is None else [sent])
    assert "authorization" not in to_table.lower()
    assert "canary" not in repr(target)
    assert "eyJ" not in repr(target)


LEGACY = {
    ("https://p.supabase.co", "eyJ.a.b"): True,
    ("https://p.supabase.co", "sb_secret_x"): False,
    ("https://supabase.example.org", "eyJ.a.b"): False,
    ("http://127.0.0.1:54321", "eyJ.a.b"): False,
}


@pytest.mark.parametrize(("url", "key"), LEGACY)
def test_a_legacy_key_is_one_of_the_hosted_platform(url: str, key: str) -> None:
    assert Target(name="t", url=url, key=key).legacy_key is LEGACY[url, key]


ODD_DATES = [
    "Fri, 31 Dec 9999 23:59:59 -0100",
    "Mon, 01 Jan 1900 00:00:00 GMT",
    "1 Jan 2026 00:00 +99999999999999999999",
]


@pytest.mark.parametrize("date", ODD_DATES)
async def test_an_odd_date_is_none(date: str) -> None:
    async with wire() as between:
        backend = Backend(Target(name="t", url=between.url, key="k"), SystemClock())
        between.acts["/"] = answer(b"[]", headers=f"Date: {date}\r\n")
        assert await backend.calls.rows("read", lambda c: c.table("t").select("*")) == []
        assert backend.server_time() is None
        between.acts["/"] = error("503 x", f"Date: {date}\r\nRetry-After: {date}\r\n", message="no")
        with pytest.raises(Failed) as caught:
            await backend.calls.rows("read", lambda c: c.table("t").select("*"))
        await backend.close()
    assert (caught.value.fault.kind, caught.value.fault.evidence) == ("server", Evidence.DOWN)


HOSTILE = "\x1b[2J\x07 eyJhbGciOiJ9.aaaaaa.bbb sb_secret_canaryABC my-own-function-key " + "A" * 900


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_what_a_function_says_is_shown_without_secrets_and_cut(status: int) -> None:
    async with wire() as between:
        between.acts["/"] = error(f"{status} x", message=HOSTILE)
        key = "my-own-function-key" if status != 401 else ""
        target = Target(name="t", url=between.url, key="sb_secret_other", function_key=key)
        backend = Backend(target, SystemClock())
        with pytest.raises(Failed) as caught:
            await backend.calls.invoke("f", "POST", {})
        await backend.close()
    said = caught.value.fault.sentence()
    assert all(word not in said for word in ("\x1b", "aaaaaa", "canaryABC", key or "\x07"))
    assert len(said) < 500


def test_a_code_is_shown_without_control_characters() -> None:
    fault = answer_fault(trace(400), code="42\x1bcX", message="")
    assert fault is not None
    assert "\x1b" not in fault.sentence() + (fault.code or "")
