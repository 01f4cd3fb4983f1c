"""What the doctor concludes from what it was told: certificates, clocks, keys, disks, columns. Pure."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from core.backend.first_answer import Certificate
from core.backend.login import expiry
from core.backend.target import KeyKind, Target, claim
from core.base.text import in_steps, short
from core.checks.context import CLOCK_UNKNOWN
from core.domain.snapshot import LEGACY_KEY
from core.resilience.fault import Fault
from core.services.doctor.steps import Diagnosis, failed, not_tried, of_fault, ok, warned

_SOON: Final = timedelta(days=14)
_COPY_KEY: Final = "copy an API key of this project from its dashboard (Settings, API keys) to SUPABASE_KEY"
_FEW_BYTES: Final = 100_000_000
_TRUST: Final = (
    "if it is from your own CA, set SSL_CERT_FILE to that CA's file; otherwise the connection may be intercepted"
)
_LOCAL: Final = ("localhost", "127.", "::1")

_TLS: Final = (
    (("expired",), "if this machine's date ({now:%d %b %Y}) is right, the project's certificate must be renewed"),
    (("not yet valid",), "this machine's date is {now:%d %b %Y}: correct it, or wait"),
    (("mismatch", "not valid for"), "set SUPABASE_URL to the host name that the certificate is for"),
    (("self-signed", "self signed", "issuer certificate"), _TRUST),
    (("wrong version", "record layer", "http request"), "that port does not speak TLS: check https:// and the port"),
)
"""Words of the TLS library, and what to do."""


def tls_fault(fault: Fault, now: datetime) -> Diagnosis:
    """Return the diagnosis of a connection that is not trustworthy, by what the TLS library said of it."""
    found = (remedy for words, remedy in _TLS if any(word in fault.message.lower() for word in words))
    remedy = next(found, "")
    return of_fault(fault, remedy.format(now=now.astimezone()))


def plain_text(host: str) -> Diagnosis:
    """Judge a connection that is not encrypted."""
    if host.startswith(_LOCAL):
        return ok("not encrypted, on this machine only")
    return warned("not encrypted: keys can be read in transit", "use https:// in SUPABASE_URL")


def certificate(found: Certificate | None, trusted_by: str, now: datetime) -> Diagnosis:
    """Judge the certificate that was shown. `trusted_by`: the variable that names the authorities; empty for none."""
    if found is None or found.expires_at is None:
        return ok("encrypted; the certificate is not known")
    by = f", trusted by {trusted_by}" if trusted_by else ""
    left = found.expires_at - now
    words = f"certificate from {found.issuer}{by}, valid until {found.expires_at:%d %b %Y}"
    if left < _SOON:
        return warned(f"{words}: expires in {in_steps(left)}", "have it renewed before that")
    return ok(words)


def clock(ours: datetime, theirs: datetime | None, most_s: float) -> Diagnosis:
    """Judge this machine's clock by the server's; `most_s`: the most it may be off, seconds."""
    if theirs is None:
        return not_tried("the answer has no Date header")
    skew_s = (ours - theirs).total_seconds()
    if abs(skew_s) > most_s:
        side = "ahead of" if skew_s > 0 else "behind"
        return warned(f"this machine's clock is {short(abs(skew_s))} {side} the project's", CLOCK_UNKNOWN.remedy)
    return ok(f"within {short(most_s)} of the project's")


def key_kind(target: Target, now: datetime) -> Diagnosis:
    """Judge the key by itself, before anybody is asked."""
    key, kind = target.key, target.kind.value
    if key.startswith("sb_"):
        if not key.startswith(("sb_secret_", "sb_publishable_")):
            return failed("an unknown kind of key", _COPY_KEY)
        return ok(kind)
    role, ends = claim(key, "role"), expiry(key)
    if not role:
        return failed("not an API key: those begin with sb_secret_, sb_publishable_ or eyJ", _COPY_KEY)
    if role not in {"anon", "service_role"}:
        remedy = f"{_COPY_KEY}; set the token as SUPABASE_ACCESS_TOKEN"
        return failed("a user's access token, not an API key", remedy)
    if ends is not None and ends < now:
        return failed(f"a legacy {role} key that expired on {ends:%d %b %Y}", _COPY_KEY)
    project, host = claim(key, "ref"), urlsplit(target.url).hostname or ""
    if host.endswith(".supabase.co") and project and project != host.split(".")[0]:
        return failed(f"a legacy {role} key of another project ({project})", f"{_COPY_KEY}, or correct SUPABASE_URL")
    return warned(f"legacy {role}", LEGACY_KEY.partition(": ")[2]) if target.legacy_key else ok(f"legacy {role}")


def signed_in(target: Target, ends: datetime | None, now: datetime) -> Diagnosis:
    """Judge the sign-in that is configured, before anybody is asked."""
    if not target.signs_in:
        secret = target.kind is KeyKind.SECRET
        return ok(
            "not needed with a secret key" if secret else "not signed in: reads as anon (watchdesk login signs in)"
        )
    if target.access_token and ends is not None and ends < now:
        return failed(f"the access token expired on {ends:%d %b %H:%M}", "set a new one, or run: watchdesk login")
    return ok(f"as {target.user}")


def columns(lacking: dict[str, tuple[str, ...]], shape: str) -> Diagnosis:
    """Judge the tables' columns. `lacking`: by table those that were looked for in vain."""
    gone = "; ".join(f"{table} has no {', '.join(names)}" for table, names in lacking.items() if names)
    return warned(f"{shape} shape, but {gone}", "their values are shown as —") if gone else ok(f"{shape} shape")


def space(free: int, path: str) -> Diagnosis:
    """Judge the free bytes of the disk that a directory is on."""
    words = f"{path}: writable, {free / 1e9:.1f} GB free"
    return warned(words, "free some space: soon nothing can be saved") if free < _FEW_BYTES else ok(words)
