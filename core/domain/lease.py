"""Who acts by itself, of several monitors: the lease as it is shown."""

import msgspec


class LeaseView(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lease as far as we know, and whether that is us. `why`: what keeps us from it, if that is known.

    `acts`: whether its holder heals and stops by itself. `tells`: whether what it tells of alerts reaches anybody, if
    it says so.
    """

    holder: str = ""
    host: str = ""
    term: int = 0
    mine: bool = False
    acts: bool = False
    tells: bool | None = None
    why: str = ""
