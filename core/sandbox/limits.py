"""Limits of the API for its callers: rows, duration of a statement, kinds of writes. Changed at run time."""

from typing import Annotated, Any, Final

import msgspec

_ROLES_S: Final = {"anon": 3.0}
_OTHERS_S: Final = 8.0
"""The authenticator's own limit, which holds for every role that has none, seconds."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits, with the defaults of a project on Supabase."""

    max_rows: Annotated[int, msgspec.Meta(ge=1)] = 1000
    """The most rows that a read returns."""

    statement_timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """The seconds after which a statement is cancelled; `None` is Supabase's: 3 s for anon, 8 s for everybody else."""

    safeupdate: bool = True
    """Refuse updates and deletes without WHERE."""

    lenient_mail: bool = False
    """Let the mail function of the deployed shape accept `{to, template, data}` of anybody, beside its own contract."""

    verify_jwt: bool = True
    """Let functions accept a JWT only (a user's token, a legacy key), as they do unless deployed otherwise."""

    def statement_s(self, role: str) -> float:
        """Return the longest duration of a statement of `role`, in seconds."""
        if self.statement_timeout_s is not None:
            return self.statement_timeout_s
        return _ROLES_S.get(role, _OTHERS_S)


class Dial:
    """The limits in force `now`."""

    def __init__(self, start: Limits) -> None:
        self._start = start
        self.now = start

    def turn(self, changes: dict[str, Any]) -> None:
        """Change some of them. Raises msgspec.ValidationError, which names what is allowed."""
        self.now = msgspec.convert(msgspec.structs.asdict(self.now) | changes, Limits)

    def put_back(self) -> None:
        """Reset to the limits of the sandbox's start."""
        self.now = self._start
