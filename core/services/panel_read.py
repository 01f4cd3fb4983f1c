"""How one value of the panels is read and kept."""

from collections.abc import Callable
from typing import Any

import msgspec

from core.backend.reads import Read
from core.backend.schema import Schema


class PanelRead(msgspec.Struct, frozen=True, kw_only=True):
    """One value of the panels: its read, and the type in which it is kept.

    `where`: whether this project's schema has it at all. A value that is not read is no evidence of the connection.
    `shared`: identical reads share one request while they overlap. Checks, plans and read-backs never do.
    """

    kind: Any
    read: Callable[[], Read[Any]]
    where: Callable[[Schema], bool] = lambda _: True
    shared: bool = True

    def decoded(self, value: Any) -> Any:
        """Return the value from how it is kept. Raises ValidationError."""
        return msgspec.convert(value, self.kind)
