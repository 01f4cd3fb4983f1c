"""The black box's own settings, and the times its room agrees on."""

from typing import Annotated, Final

import msgspec

ALIVE_S: Final = 10.0
"""So often at least the box says that somebody looks, whether or not anything changed."""

GAP_S: Final = 25.0
"""Nobody looked where nothing was written for longer than this: two signs of life and a half."""

SEGMENT_S: Final = 3600.0
"""How much time a file holds, at most."""


FRAME_BYTES: Final = 4_000_000
"""The most one frame takes; one that would take more is lost."""

SEAL_BYTES: Final = 1_000_000
"""The most the last frame of a file takes, which tells what happened in it."""

_SEGMENT_BYTES: Final = 1_000_000
"""A file that takes so much is gone on with in another one."""

SEGMENT_MOST: Final = _SEGMENT_BYTES + FRAME_BYTES + SEAL_BYTES
"""No file of ours takes more, in bytes: it was not full before its last frame. What does is damaged."""


class BlackboxRules(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept. Section `blackbox`. The size wins over the age; the oldest goes first."""

    enabled: bool = True
    megabytes: Annotated[int, msgspec.Meta(ge=2, le=1_000_000)] = 200
    days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 30.0

    @property
    def size(self) -> int:
        """The most that lies on the disk, in bytes."""
        return self.megabytes * 1_000_000

    @property
    def segment_size(self) -> int:
        """The most one file takes, in bytes: small beside the whole, so that what goes first is little."""
        return min(_SEGMENT_BYTES, self.size // 8)
