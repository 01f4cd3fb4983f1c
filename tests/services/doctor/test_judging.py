"""What the doctor concludes, by itself: certificates, clocks, keys, space."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from core.backend.faults import of_machine
from core.backend.first_answer import Certificate
from core.backend.target import Target
from core.services.doctor import judging
from core.services.doctor.steps import StepState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTED = "https://abcdef.supabase.co"


def target(key: str, url: str = HOSTED) -> Target:
    return Target(name="t", url=url, key=key)


def token(**claims: object) -> str:
    return f"eyJh.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("key", "url", "state", "words"),
    [
        ("sb_secret_x", HOSTED, "ok", "secret"),
        ("sb_publishable_x", HOSTED, "ok", "publishable"),
        ("sb_x", HOSTED, "failed", "unknown kind"),
        (token(role="anon", ref="abcdef"), HOSTED, "warning", "at the end of 2026"),
        (token(role="anon", ref="abcdef"), "https://own.example", "ok", "legacy anon"),
        (token(role="service_role", ref="other"), HOSTED, "failed", "of another project (other)"),
        (token(role="service_role", exp=1), HOSTED, "failed", "expired on 01 Jan 1970"),
        (token(role="authenticated"), HOSTED, "failed", "user's access token"),
        ("hello", HOSTED, "failed", "not an API key"),
        ("eyJ.%%%.x", HOSTED, "failed", "not an API key"),
    ],
)
def test_a_key_by_itself(key: str, url: str, state: str, words: str) -> None:
    found = judging.key_kind(target(key, url), NOW)
    assert found.state == state
    assert words in str(found)
    assert key not in str(found)


@pytest.mark.parametrize(
    ("skew_s", "state"), [(0, "ok"), (29, "ok"), (-29, "ok"), (31, "warning"), (-3600, "warning"), (None, "not tried")]
)
def test_a_clock(skew_s: float | None, state: str) -> None:
    theirs = None if skew_s is None else NOW - timedelta(seconds=skew_s)
    found = judging.clock(NOW, theirs, 30)
    assert found.state == state
    if found.state is StepState.WARNING:
        assert ("ahead of" if (skew_s or 0) > 0 else "behind") in found.text


@pytest.mark.parametrize(("days", "state"), [(15, "ok"), (13, "warning")])
def test_a_certificate_that_ends(days: int, state: str) -> None:
    shown = Certificate(expires_at=NOW + timedelta(days=days), issuer="Anybody")
    assert judging.certificate(shown, "", NOW).state == state


@pytest.mark.parametrize(("host", "state"), [("127.0.0.1", "ok"), ("localhost", "ok"), ("db.example", "warning")])
def test_what_is_not_encrypted(host: str, state: str) -> None:
    assert judging.plain_text(host).state == state


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        ("certificate has expired", "must be renewed"),
        ("certificate is not yet valid", "correct it"),
        ("Hostname mismatch, certificate is not valid for 'x'", "host name that the certificate is for"),
        ("self-signed certificate in certificate chain", "SSL_CERT_FILE"),
        ("unable to get local issuer certificate", "SSL_CERT_FILE"),
        ("wrong version number", "does not speak TLS"),
        ("something new {odd}", "the remedy of the fault"),
    ],
)
def test_what_the_tls_library_says_has_a_remedy(told: str, remedy: str) -> None:
    fault = of_machine("tls", f"no trustworthy TLS connection ({told})", "the remedy of the fault")
    assert remedy in judging.tls_fault(fault, NOW).remedy


@pytest.mark.parametrize(("free", "state"), [(10**9, "ok"), (10**6, "warning")])
def test_space(free: int, state: str) -> None:
    assert judging.space(free, "/x").state == state
