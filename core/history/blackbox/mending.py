"""Files that are not as they were written: set aside under another name, what is readable of them kept."""

import logging
from pathlib import Path

from core.history.blackbox.ring import Part, listing
from core.history.blackbox.segment import HEAD, Contents, Later, NoSegment, check, read
from core.text import plural

log = logging.getLogger(__name__)


class Mending:
    """What was set aside and what is left alone in one directory. Blocking; raises OSError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._broken = ""
        self.later: frozenset[Path] = frozenset()
        """Files of a later version of this program: neither read nor touched, nor counted."""

    @property
    def said(self) -> str:
        """What was found, in words; empty if nothing was."""
        if self._broken or not self.later:
            return self._broken
        many = plural(len(self.later), "file")
        return f"black box: {many} of a later version of watchdesk left alone in {self._directory}"

    def look_over(self) -> None:
        """Look at the beginning of every file."""
        later: set[Path] = set()
        for part in listing(self._directory):
            if part.broken:
                continue
            try:
                with part.path.open("rb") as file:
                    check(file.read(len(HEAD)))
            except Later:
                later.add(part.path)
            except NoSegment:
                self._aside(part.path, "")
        self.later = frozenset(later)

    def mend(self, path: Path) -> Contents | None:
        """What is readable of a file, which has only that afterwards; `None` if it is nothing, or not ours."""
        try:
            contents = read(path)
        except FileNotFoundError:
            return None
        except Later:
            self.later |= {path}
            return None
        except NoSegment:
            self._aside(path, "")
            return None
        if not contents.damaged:
            return contents
        whole = path.with_name(f"{path.name}.new")
        whole.touch(mode=0o600)
        whole.write_bytes(contents.salvage())
        self._aside(path, f"; {plural(len(contents.entries), 'frame')} of it are kept")
        whole.replace(path)
        return read(path)

    def _aside(self, path: Path, rest: str) -> None:
        aside = path.with_name(f"{path.name}.broken")
        path.replace(aside)
        self._broken = f"black box: a file was not readable and is set aside as {aside}{rest}"
        log.warning(self._broken)


def newest_usable(directory: Path, mending: Mending) -> tuple[Part, Contents] | None:
    """The newest file and what is in it, if it can be gone on with. What nothing was written to is removed."""
    for part in reversed(listing(directory)):
        if part.broken:
            continue
        if part.path in mending.later:
            return None
        contents = mending.mend(part.path)
        if contents is None:
            continue
        if contents.entries:
            return part, contents
        part.path.unlink(missing_ok=True)
    return None
