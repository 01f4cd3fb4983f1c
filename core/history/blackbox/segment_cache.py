"""A read cache of the files of a box: the last ones used, and the marks of all of them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.base.safe_files import Unsafe
from core.base.text import plural
from core.history.blackbox.ring import Part, grown, listing
from core.history.blackbox.segment import Contents, Later, NoSegment, read
from core.history.blackbox.segment_index import Marked, marked, read_index

_KEPT: Final = 6
_GRAIN_S: Final = 2.0
_NOTHING: Final = Contents(data=b"", entries=(), end=0)
_SPOILED: Final = Contents(data=b"", entries=(), end=0, damaged=True)


class SegmentCache:
    """The files in one directory; an unreadable one counts as empty. `on_damage` is called once for such a file."""

    def __init__(self, directory: Path, on_damage: Callable[[Path], None]) -> None:
        self._directory = directory
        self._on_damage = on_damage
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[Part, ...]] = (0.0, ())
        """The last change of the directory, and its files then."""
        self._read: OrderedDict[tuple[str, int], Contents] = OrderedDict()
        self._flagged: dict[tuple[str, int], Marked] = {}
        self._damaged: dict[tuple[str, int], str] = {}

    def parts(self) -> tuple[Part, ...]:
        """Return every file that may be readable, in the order of creation."""
        try:
            changed_at = self._directory.stat().st_mtime
            with self._lock:
                known_at, parts = self._known
            # Within the grain of the file system's own clock a change may leave no trace.
            if changed_at != known_at or abs(time.time() - changed_at) < _GRAIN_S:
                parts = tuple(part for part in listing(self._directory) if not part.broken)
                with self._lock:
                    self._known = changed_at, parts
            return (*parts[:-1], grown(parts[-1])) if parts else ()
        except OSError:
            return ()

    def damage(self) -> tuple[str, ...]:
        """Return the damage found so far, files not ours, and those set aside, in words."""
        with self._lock:
            found = tuple(self._damaged.values())
        return found + tuple(f"{part.file} was damaged and moved aside" for part in self._set_aside())

    def _set_aside(self) -> tuple[Part, ...]:
        try:
            return tuple(part for part in listing(self._directory) if part.broken)
        except OSError:
            return ()

    def contents(self, part: Part) -> Contents:
        """Return the contents of a file."""
        key = (part.file, part.size)
        with self._lock:
            if (found := self._read.get(key)) is not None:
                self._read.move_to_end(key)
                return found
        found, why = self._fresh(part)
        with self._lock:
            self._read[key] = found
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
            tells = found.damaged and key not in self._damaged
            if tells:
                self._damaged[key] = why
        if tells:
            self._on_damage(part.path)
        return found

    def flagged(self, part: Part) -> Marked:
        """Return moments and flags of the frames at which something happened."""
        key = (part.file, part.size)
        with self._lock:
            if (found := self._flagged.get(key)) is not None:
                return found
        found = self._indexed(part)
        if found is None:
            found = marked(self.contents(part).entries)
        with self._lock:
            self._flagged = {old: kept for old, kept in self._flagged.items() if old[0] != part.file}
            self._flagged[key] = found
        return found

    def _indexed(self, part: Part) -> Marked | None:
        try:
            return read_index(part.path)
        except OSError:
            return ()

    def _fresh(self, part: Part) -> tuple[Contents, str]:
        """Return the contents of a file, and a sentence about its damage, if any."""
        try:
            found = read(part.path)
        except Unsafe as error:
            return _SPOILED, f"{error}"
        except (OSError, Later):
            return _NOTHING, ""
        except NoSegment:
            return _SPOILED, f"{part.file} is damaged: nothing of it is readable"
        return found, f"{part.file} is damaged: {plural(len(found.entries), 'frame')} of it are readable"
