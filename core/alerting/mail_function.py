"""Mail through the project's own `send-template-email`, of which two contracts are in use."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from core.alerting.message import Message
from core.backend.faults import Failed, refusal
from core.base.text import clean, redacted
from core.resilience.fault import Fault, Party

Invoke = Callable[[dict[str, Any]], Awaitable[Any]]
"""Calls the function with a body, and returns its answer. Raises Failed."""

_CONTRACTS: Final = (
    ("template_id", "recipient_email", "custom_data"),  # what is really deployed; of a signed-in user alone
    ("template", "to", "data"),  # what the documentation shows
)


_REFUSED: Final = 400
_REFUSING: Final = frozenset({_REFUSED, 404, 422, 500})
"""Statuses with which the function says that it sent nothing: with any other it may have."""


class MailFunction:
    """Sends by the contract that worked last, else by one after the other.

    The second one is tried only where the function answered and refused the first, so that nothing is sent twice.
    """

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._first = 0

    async def send(self, to: str, template: str, message: Message) -> str:
        """Send one message; return the contract by which it was accepted, in words. Raises Failed."""
        told = {"id": message.id, "subject": message.subject, "text": message.body, "severity": message.severity}
        refused: list[Failed] = []
        for number in (self._first, 1 - self._first):
            names = _CONTRACTS[number]
            try:
                _accepted(await self._invoke(dict(zip(names, (template, to, told), strict=True))))
            except Failed as failed:
                if not _answered(failed.fault):
                    raise
                refused.append(failed)
            else:
                self._first = number
                return f"as {{{', '.join(names)}}}"
        first = refused[0].fault
        raise Failed(msgspec.structs.replace(first, message=_both(refused))) from refused[0]


def _answered(fault: Fault) -> bool:
    """Return whether the function itself refused, also with a 500. Where our rights are at fault, no contract helps."""
    return fault.party is not Party.RIGHTS and fault.status in _REFUSING


def _accepted(answer: Any) -> None:
    """Raise Failed where the answer says that nothing was sent, although its status says so."""
    if isinstance(answer, bytes | str):
        try:
            answer = msgspec.json.decode(answer)
        except msgspec.MsgspecError:
            return
    if isinstance(answer, dict) and (answer.get("success") is False or answer.get("error")):
        why = clean(redacted(str(answer.get("error") or answer.get("message") or "it says so")), 200)
        raise Failed(msgspec.structs.replace(refusal("not_sent", f"not sent: {why}"), status=_REFUSED))


def _both(refused: list[Failed]) -> str:
    messages = list(dict.fromkeys(failed.fault.message for failed in refused))
    return f"send-template-email refuses both contracts: {'; '.join(messages)}"
