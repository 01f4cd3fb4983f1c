"""Faults of answered refusals, from status, code and message as PostgREST, PostgreSQL and proxies send them.

Sources: PostgREST's list of errors, PostgreSQL's SQLSTATE classes, and the platform's own statuses (402, 429, 540).
"""

from typing import Final

import msgspec

from core.backend.faults import PROXY, Trace, down, of_machine, of_rights, refusal
from core.base.text import clean, redacted
from core.resilience.fault import Evidence, Fault, Party


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The identity with which a request went out; the remedy for a refusal depends on it.

    `secret`: with a secret key. `user`: with a user's token beside the key. `new_key`: the key is no JWT.
    """

    secret: bool = False
    user: bool = False
    new_key: bool = False


_COPY: Final = "to an API key of this project (dashboard, Settings, API keys)"
_KEY_REMEDY: Final = f"set SUPABASE_KEY {_COPY}"
_SIGN_IN_REMEDY: Final = "sign in again: check SUPABASE_EMAIL and SUPABASE_PASSWORD, or the access token"
_RIGHTS_REMEDY: Final = "this account's rights are not sufficient; sign in as the master account or use a secret key"
_GRANT_REMEDY: Final = "grant the rights on it to the role of this key, in the project's SQL editor"
FUNCTION_WANTS_JWT: Final = "function_wants_jwt"
MISSING_COLUMN: Final = "missing_column"
_JWT_REMEDY: Final = (
    "the function verifies JWTs: deploy it with --no-verify-jwt, or set WATCHDESK_FUNCTION_KEY to the legacy"
    " service_role key"
)
_SCHEMA_REMEDY: Final = "the project's schema lacks it; run the project's migrations, or check the URL"
_SHAPE_REMEDY: Final = "the project's schema differs from both known shapes"

_REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "42P01": ("missing_table", _SCHEMA_REMEDY),
    "PGRST205": ("missing_table", _SCHEMA_REMEDY),
    "42703": (MISSING_COLUMN, _SHAPE_REMEDY),
    "PGRST204": (MISSING_COLUMN, _SHAPE_REMEDY),
    "PGRST106": ("schema_not_exposed", "expose the schema public in the project's API settings"),
    "42P17": ("policy_recurses", "a row level security policy refers to itself: rewrite it"),
    "42883": ("missing_function", ""),
    "PGRST202": ("missing_function", ""),
    "22P02": ("bad_input", ""),
    "23505": ("duplicate", ""),
    "21000": ("refused_without_where", ""),
    "PGRST116": ("not_one_row", ""),
}
"""Kind and remedy by code. Where there is a remedy, a person must change something."""

_REFUSING_CLASSES: Final = ("22", "23", "42", "P0", "PT")
"""Classes of SQLSTATE with which the database proves itself alive, whatever the status is: it read the statement."""

_DOWN_CODES: Final[dict[str, str]] = {
    "PGRST000": "the API cannot reach its database",
    "PGRST001": "the API lost its database",
    "PGRST002": "the API cannot read its schema",
    "PGRST003": "the API's connection pool is exhausted",
    "57014": "the statement took too long and was cancelled",
    "53300": "the database has too many connections",
    "25006": "the database is read-only",
}


def expired(fault: Fault) -> bool:
    """Return whether a fresh sign-in may help."""
    return fault.kind in {"bad_token", "expired_token", "bad_key"}


def answer_fault(
    trace: Trace, *, code: object, message: object, hint: object = None, credentials: Credentials | None = None
) -> Fault | None:
    """Return the fault of an answered refusal, from the status, PostgREST's or SQL's code, and its message and hint.

    `None` when status and code are those of a success.
    """
    status = trace.status or 0
    named = clean(str(code), 40) if code not in (None, "") else None
    words = clean(redacted(str(message or "")), 200)
    credentials = credentials or Credentials()
    fault = (
        _of_sql(named, words, clean(redacted(str(hint or "")), 400).strip(), credentials)
        or _in_between(status, trace)
        or _of_platform(status, trace, words)
        or _of_key(status, named, words)
        or _of_server(status, named, words)
    )
    if fault is None:
        return None
    return msgspec.structs.replace(fault, retry_after_s=trace.retry_after_s, status=trace.status)


def function_fault(trace: Trace, message: str, credentials: Credentials) -> Fault | None:
    """Return the fault of an Edge Function's answer: one that verifies JWTs accepts no other kind of key."""
    if trace.status == 401 and credentials.new_key and not credentials.user:
        return of_rights(
            FUNCTION_WANTS_JWT, clean(redacted(message), 200) or "the function refuses the key", _JWT_REMEDY
        )
    return answer_fault(trace, code=None, message=message, credentials=credentials)


def _of_sql(code: str | None, words: str, hint: str, credentials: Credentials) -> Fault | None:
    """Return the fault that PostgREST or the database names by a code of its own."""
    if code is None:
        return None
    if code in _DOWN_CODES:
        return down("database", _DOWN_CODES[code], code=code)
    if code == "42501":
        remedy = hint or (_GRANT_REMEDY if credentials.secret else _RIGHTS_REMEDY)
        return of_rights("not_allowed", words or "not allowed", remedy, code=code)
    if code in {"PGRST301", "PGRST303"}:
        kind = "bad_token" if code == "PGRST301" else "expired_token"
        remedy = _KEY_REMEDY if credentials.secret and not credentials.user else _SIGN_IN_REMEDY
        return of_rights(kind, words or kind.replace("_", " "), remedy, code=code)
    if code == "PGRST302":
        return of_rights("bad_key", words or "the key was refused", _KEY_REMEDY, code=code)
    if code in _REFUSALS:
        kind, remedy = _REFUSALS[code]
        return refusal(kind, words or kind.replace("_", " "), remedy, code=code, person=bool(remedy))
    if len(code) == _SQLSTATE and code.startswith(_REFUSING_CLASSES):
        return refusal("refused_request", words or f"the database refused ({code})", code=code)
    return None


def _in_between(status: int, trace: Trace) -> Fault | None:
    """Return the fault of an answer by something between this machine and the platform."""
    if status == 407:
        if trace.proxy is not None:
            return of_machine(
                "proxy_password", f"{trace.proxy} asks for a password", f"put it into {trace.proxy.variable}"
            )
        return of_machine("proxy_password", "a proxy in between asks for a password", "set HTTPS_PROXY or HTTP_PROXY")
    if status == 511:
        return of_machine(
            "sign_in_to_network",
            "this network requires you to sign in first (captive portal)",
            "sign in to the network",
        )
    if status >= 400 and trace.proxy is not None and trace.proxy.forwards and "json" not in trace.content_type:
        return of_machine("proxy_answers", f"{trace.proxy} answers {status} instead of the API", trace.proxy.remedy)
    return None


def _of_platform(status: int, trace: Trace, words: str) -> Fault | None:
    """Return the fault of an answer that the platform gave for a project, or in its place."""
    platform = Party.PLATFORM
    if status == 402:
        return down(
            "restricted",
            "the project is restricted: its plan's quota is used up" + (f" ({words})" if words else ""),
            "raise the plan or its spend cap in the project's dashboard",
            party=platform,
            person=True,
        )
    if status == 429:
        return down("rate_limited", "too many requests", party=platform, evidence=Evidence.ALIVE)
    if status == 540:
        remedy = "restore the project in its dashboard"
        return down("paused", "the project is paused", remedy, party=platform, person=True)
    if "html" in trace.content_type and status >= 500:
        message = f"a proxy answered {status} instead of the API"
        return down(PROXY, message, party=platform)
    if "html" in trace.content_type and status >= 400:
        return down(
            "firewall",
            f"a firewall or proxy answered {status} with a web page instead of the API",
            "check SUPABASE_URL, and whether the project's network restrictions let this machine in",
            party=platform,
            evidence=Evidence.NONE,
        )
    return None


def _of_key(status: int, code: str | None, words: str) -> Fault | None:
    if status not in {401, 403}:
        return None
    return of_rights("bad_key", words or "the key was refused", _KEY_REMEDY, code=code)


def _of_server(status: int, code: str | None, words: str) -> Fault | None:
    if status >= 500:
        return down("server", f"the server answered {status}" + (f" ({words})" if words else ""), code=code)
    if status >= 400:
        return refusal("refused_request", words or f"the server answered {status}", code=code)
    return None


_SQLSTATE: Final = 5
"""The length of a SQLSTATE; PostgREST's own codes are longer."""
