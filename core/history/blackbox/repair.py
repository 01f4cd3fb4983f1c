"""Repair of damaged files: set aside under another name, with the readable part kept."""

import contextlib
import logging
from pathlib import Path

from core.base.safe_files import Unsafe, check_own, head_of_own, write_new
from core.base.text import plural
from core.history.blackbox.notes import NAME as NOTES
from core.history.blackbox.ring import Part, listing
from core.history.blackbox.segment import HEAD, Contents, Later, NoSegment, check, read
from core.history.blackbox.settings import SEGMENT_MOST

log = logging.getLogger(__name__)


class FileRepair:
    """Sets damaged files aside in one directory. Blocking; raises OSError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._broken = ""
        self.later: frozenset[Path] = frozenset()
        """Files of a later version of this program: neither read nor touched, nor counted."""

    @property
    def said(self) -> str:
        """The findings in words; empty if there are none."""
        if self._broken or not self.later:
            return self._broken
        many = plural(len(self.later), "file")
        return f"black box: {many} of a later version of watchdesk left alone in {self._directory}"

    def look_over(self) -> None:
        """Check the beginning of every file, and remove remains of a repair or trim that was killed."""
        for unfinished in self._directory.glob("*.new"):
            unfinished.unlink(missing_ok=True)
        later: set[Path] = set()
        for part in listing(self._directory):
            if part.broken:
                continue
            try:
                check(head_of_own(part.path, len(HEAD)))
            except Later:
                later.add(part.path)
                continue
            except (NoSegment, Unsafe, PermissionError):
                self._set_aside(part.path)
                continue
            if part.size > SEGMENT_MOST:
                self.repair(part.path)
        self.later = frozenset(later)
        self._look_at_notes()

    def repair(self, path: Path) -> Contents | None:
        """Reduce a file to its readable part, and return that; `None` if it is empty, or not ours."""
        try:
            contents = read(path)
        except FileNotFoundError:
            return None
        except Later:
            self.later |= {path}
            return None
        except (NoSegment, Unsafe):
            self._set_aside(path)
            return None
        if not contents.damaged:
            return contents
        whole = path.with_name(f"{path.name}.new")
        write_new(whole, contents.salvage())
        _copy(path, _aside(path))
        whole.replace(path)  # at no moment is nothing under its name
        self._say(path, f"; {plural(len(contents.entries), 'frame')} of it are kept")
        return read(path)

    def _look_at_notes(self) -> None:
        notes = self._directory / NOTES
        try:
            check_own(notes)
        except FileNotFoundError:
            return
        except Unsafe:
            self._set_aside(notes)

    def _set_aside(self, path: Path) -> None:
        path.replace(_aside(path))
        self._say(path, "")

    def _say(self, path: Path, rest: str) -> None:
        self._broken = f"black box: a file was unreadable and was moved aside as {_aside(path)}{rest}"
        log.warning(self._broken)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.broken")


def _copy(path: Path, aside: Path) -> None:
    """Link the file under another name as well; copy it where the file system has no links.

    A file that is too large is copied only up to the largest size of ours.
    """
    aside.unlink(missing_ok=True)
    if path.lstat().st_size <= SEGMENT_MOST:
        with contextlib.suppress(OSError):
            aside.hardlink_to(path)
            return
    write_new(aside, head_of_own(path, SEGMENT_MOST))


def newest_usable(directory: Path, repair: FileRepair) -> tuple[Part, Contents] | None:
    """Return the newest file and its contents, if it can be continued. Files without frames are removed."""
    for part in reversed(listing(directory)):
        if part.broken:
            continue
        if part.path in repair.later:
            return None
        contents = repair.repair(part.path)
        if contents is None:
            continue
        if contents.entries:
            return part, contents
        part.path.unlink(missing_ok=True)
    return None
