"""Faults of what the official client raises: its errors carry neither status nor headers, a `Trace` does."""

from typing import Any, Final

import msgspec

from core.backend.answers import Credentials, answer_fault, function_fault
from core.backend.faults import UNTOLD, Failed, Trace, garbage, transport_fault
from core.base.text import clean, redacted
from core.resilience.fault import Fault


def fault_of(error: Exception, trace: Trace, credentials: Credentials, secrets: tuple[str, ...] = ()) -> Fault:
    """Return the fault behind an error of the client for a request of `credentials`, without `secrets`.

    An answer that says nothing of the request leaves open whether it was carried out.
    """
    fault = _fault_of(error, trace, credentials)
    hidden = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
    return msgspec.structs.replace(
        fault,
        message=redacted(fault.message, hidden),
        remedy=redacted(fault.remedy, hidden),
        sent=fault.sent or (trace.sent and fault.kind in UNTOLD),
    )


_SHORTEST_SECRET: Final = 6
"""The shortest secret that is blotted out, characters: a shorter one would hide half of every sentence."""


def _fault_of(error: Exception, trace: Trace, credentials: Credentials) -> Fault:
    if isinstance(error, Failed):
        return error.fault
    kind = type(error).__name__
    if kind == "APIError":
        code, message, hint = (getattr(error, name, None) for name in ("code", "message", "hint"))
        fault = answer_fault(trace, code=code, message=message, hint=hint, credentials=credentials)
        return fault or garbage("it is not what the API sends", trace)
    if kind.startswith("Auth"):
        return _sign_in_fault(error, trace)
    if kind.startswith("Functions"):
        return function_fault(trace, _message_in(trace.body), credentials) or garbage(kind, trace)
    return transport_fault(error, trace)


def _sign_in_fault(error: Exception, trace: Trace) -> Fault:
    """Return the fault of a failed sign-in. Only the service's own refusal ends a session, not silence."""
    cause = error.__cause__ or error.__context__
    if cause is not None and (trace.status is None or isinstance(cause, Failed)):
        return transport_fault(cause, trace)
    fault = answer_fault(trace, code=None, message=getattr(error, "message", ""))
    if fault is None:
        return garbage("the sign-in service's answer", trace)
    if trace.status in {400, 401, 403, 422}:
        if "json" not in trace.content_type:
            return garbage(f"the sign-in service answered {trace.status} without a message", trace)
        return msgspec.structs.replace(
            fault, kind="sign_in", person=True, remedy="check SUPABASE_EMAIL and SUPABASE_PASSWORD"
        )
    return fault


def _message_in(body: bytes) -> str:
    """Return the message in a JSON body, which the client's own error does not carry; empty if there is none."""
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return ""
    words = next((text for key in ("message", "error", "msg") if isinstance(text := told.get(key), str)), "")
    return clean(redacted(words), 200)
