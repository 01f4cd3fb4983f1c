"""The black box's own settings, and the limits its modules share."""

from typing import Annotated, Final

import msgspec

ALIVE_S: Final = 10.0
"""The longest interval between two frames, seconds: without a change, a frame without a body is written."""

GAP_S: Final = 25.0
"""The interval between frames above which time counts as not observed, seconds: two and a half signs of life."""

SEGMENT_S: Final = 3600.0
"""The longest time that one file covers, seconds."""


FRAME_BYTES: Final = 4_000_000
"""The largest frame, in bytes; a larger one is dropped."""

INDEX_BYTES: Final = 1_000_000
"""The largest index frame of a file, in bytes."""

_SEGMENT_BYTES: Final = 1_000_000
"""The size from which a new file is started, in bytes."""

SEGMENT_MOST: Final = _SEGMENT_BYTES + FRAME_BYTES + INDEX_BYTES
"""The largest file of ours, in bytes: not full before its last frame. A larger one is damaged."""


class BlackboxRules(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of what is kept of the screen. Section `blackbox`. The size wins over the age."""

    enabled: bool = True
    """Keep what the screen shows, on this machine."""
    megabytes: Annotated[int, msgspec.Meta(ge=2, le=1_000_000, extra={"unit": "MB"})] = 200
    """The most that lies on the disk; the oldest goes first."""
    days: Annotated[float, msgspec.Meta(gt=0, le=3650, extra={"unit": "days"})] = 30.0
    """The longest time it is kept."""

    @property
    def size(self) -> int:
        """The largest size on the disk, in bytes."""
        return self.megabytes * 1_000_000

    @property
    def segment_size(self) -> int:
        """The size of one file, in bytes: small beside the whole, so that each deletion is small."""
        return min(_SEGMENT_BYTES, self.size // 8)
