"""What the API grants its callers: how many rows, how long a statement, which writes. Turned at run time."""

from typing import Annotated, Any, Final

import msgspec

_ROLES_S: Final = {"anon": 3.0}
_OTHERS_S: Final = 8.0
"""The authenticator's own, which holds for every role that has none."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits, as a project on Supabase has them unless somebody changes them."""

    max_rows: Annotated[int, msgspec.Meta(ge=1)] = 1000
    """A read returns at most this many rows."""

    statement_timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """After so many seconds a statement is cancelled; `None` is Supabase's: 3 s for anon, 8 s for everybody else."""

    safeupdate: bool = True
    """Whether updates and deletes without WHERE are refused."""

    lenient_mail: bool = False
    """Whether the mail function of the deployed shape takes `{to, template, data}` of anybody, beside what it wants."""

    verify_jwt: bool = True
    """Whether functions take a JWT only (a user's token, a legacy key), as they do unless deployed otherwise."""

    def statement_s(self, role: str) -> float:
        """How long a statement of `role` may take, in seconds."""
        if self.statement_timeout_s is not None:
            return self.statement_timeout_s
        return _ROLES_S.get(role, _OTHERS_S)


class Dial:
    """The limits as they are `now`."""

    def __init__(self, start: Limits) -> None:
        self._start = start
        self.now = start

    def turn(self, changes: dict[str, Any]) -> None:
        """Change some of them. Raises msgspec.ValidationError, which says what there is or may be."""
        self.now = msgspec.convert(msgspec.structs.asdict(self.now) | changes, Limits)

    def put_back(self) -> None:
        """As the sandbox was started."""
        self.now = self._start
