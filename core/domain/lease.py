"""The lease as it is shown: of several monitors, only its holder acts by itself."""

import msgspec


class LeaseView(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of the lease as far as known, and whether that is us. `why`: the reason we do not hold it, if known.

    `acts`: the holder heals and stops by itself. `tells`: its alerts reach somebody, if it says so.
    """

    holder: str = ""
    host: str = ""
    term: int = 0
    mine: bool = False
    acts: bool = False
    tells: bool | None = None
    why: str = ""
