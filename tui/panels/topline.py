"""The top lines: the state and the link in two lines, and a third one for standing notices."""

import math
from datetime import datetime
from typing import Final

from rich.cells import cell_len, set_cell_size

from core.base.text import in_steps, left_in_steps, short, tell_step
from core.domain.permission import auto_heal
from core.domain.snapshot import CALM, STATE_LEVEL, Link, LinkWord, Snapshot, State
from core.domain.wrong import cause_of
from tui.panels.panel import Panel
from tui.rendering.text import Line, fit, plain
from tui.rendering.waiting import oldest_review

LINK_ROLE: Final = {LinkWord.LIVE: "ok", LinkWord.CONNECTING: "dim", LinkWord.STALE: "warning"}

MARK: Final = len("! ")
"""The cells before a notice."""
_BETWEEN: Final = "  ·  "
_WIDE: Final = 120
_MEDIUM: Final = 60
"""The widths in cells from which on there is room for more, and for the time since which the state holds."""


class TopLine(Panel):
    """State, link, project, mode, permission, clock, and a sign that turns with each refresh."""

    STEADY = True

    still = ""
    """The moment of a snapshot that is not current; empty for the present. Then no state is shown as ok."""

    @property
    def made_of(self) -> object:
        """Return the moment of a snapshot that is not current."""
        return self.still

    _polls = 0
    _since: object = None

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return two lines, and the notices."""
        if snapshot.link.since != self._since:
            self._since = snapshot.link.since
            self._polls += snapshot.link.word is LinkWord.LIVE
        lines = [self._state(snapshot, width), self._where(snapshot, width)]
        parts = notice_lines(snapshot.notices, width - MARK, height - len(lines))
        lines += [(("! ", "warning"), (part, "warning")) for part in parts]
        return lines[:height]

    def _state(self, snapshot: Snapshot, width: int) -> Line:
        level = STATE_LEVEL[snapshot.state]
        live = snapshot.link.word is LinkWord.LIVE
        name = f"{self._signs.level(level)} {snapshot.state.upper()}"
        if self.still:
            word = (f" {name} at {self.still}, NOT NOW ", "banner" if level == "ok" else f"state-{level}")
            link: Line = () if live else (*self._link(snapshot), ("  ", "text"))
            return (word, ("  ", "text"), *link, (snapshot.state_why, "dim"))
        known = snapshot.state is not State.UNKNOWN and snapshot.link.word is not LinkWord.CONNECTING
        word = (
            f" {name}{' (last known)' if known and not live and not proven_down(snapshot) else ''} ",
            "state-warning" if level == "ok" and not live else f"state-{level}",
        )
        since = since_words(snapshot)
        calm = snapshot.state in CALM
        well = f"; well {since}" if since and calm and live else ""
        bad = f" {since}" if since and not calm and width >= _MEDIUM else ""
        head: Line = (word, (bad, "text"), ("  ", "text"), *self._link(snapshot), ("  ", "text"))
        told = "reason: " if snapshot.state is State.STOPPED else new_since(snapshot)
        line: Line = (*head, (f"{told}{snapshot.state_why}", "text"))
        return (*line, (well, "dim")) if cell_len(plain(line)) + cell_len(well) <= width else line

    def _link(self, snapshot: Snapshot) -> Line:
        link = snapshot.link
        return ((link_words(link, snapshot.at, still=bool(self.still)), LINK_ROLE.get(link.word, "critical")),)

    def _where(self, snapshot: Snapshot, width: int) -> Line:
        project = snapshot.project
        config = snapshot.config.value
        known = snapshot.config.at is not None
        word = self._signs.none if config is None or not known else "dry-run" if config.dry_run else "production"
        off = "stopped, " if config is not None and config.emergency_stop else ""
        off = off or ("disabled, " if config is not None and not config.enabled else "")
        mode = f"agents {off if known else ''}{word}"
        if project.observe:
            allowed = project.orders_for_s
            mode += ", observing" if allowed is None else f", actions allowed for {in_steps(max(60.0, allowed))}"
        if many := snapshot.in_review:
            oldest = oldest_review(snapshot)
            mode += f", {many:,} to review" + (f" ({oldest})" if oldest and width >= _WIDE else "")
        at = snapshot.at.astimezone()
        tell_step(60.0 - at.second - at.microsecond / 1e6)
        clock = f"{at:%H:%M %Z} {self._signs.beat[self._polls % 4]}"
        name: Line = ((f" {project.name} ", "project"), (f" {mode}", "text"))
        room = width - len(clock) - 1
        for more in self._acts(snapshot, width):
            left: Line = (*name, (more, "dim"))
            used = sum(cell_len(text) for text, _ in left)
            if used < room:
                return (*left, (" " * (room - used), "text"), (clock, "dim"))
        return (*fit(name, max(0, room - 1)), (" ", "text"), (clock, "dim"))

    def _acts(self, snapshot: Snapshot, width: int) -> tuple[str, ...]:
        """Return who acts, and with which rights we read, the longest text first; the last is empty."""
        service = snapshot.service
        acts = auto_heal(snapshot.may_act, snapshot.lease)[-2:] if service is None else (f"{service.name}, acts",)
        rights = f"  {snapshot.project.user}, {snapshot.project.shape}"
        full = (f"  {acts[0]}{rights}",) if width >= _WIDE else ()
        return (*full, *(f"  {one}" for one in acts), "")


def since_words(snapshot: Snapshot) -> str:
    """Return since when the state holds; empty where that is not known, or the link tells it."""
    at = snapshot.state_since
    if at is None or snapshot.state is State.UNKNOWN or snapshot.link.word not in {LinkWord.LIVE, LinkWord.STALE}:
        return ""
    told = _of_day(at, snapshot.at)
    if snapshot.state_change_seen:
        return f"since {told}"
    return f"since before {told}" if snapshot.state in CALM else f"first seen {told}"


def new_since(snapshot: Snapshot) -> str:
    """Return since when what is named is so, before its name; empty where the state is no older, or somebody has it."""
    at, since, cause = snapshot.cause_since, since_words(snapshot), cause_of(snapshot)
    if at is None or not since or _of_day(at, snapshot.at) in since:
        return ""
    if cause is None or cause.care:
        return ""
    return f"new since {_of_day(at, snapshot.at)}: "


def _of_day(at: datetime, now: datetime) -> str:
    local = at.astimezone()
    return f"{local:%H:%M}" if local.date() == now.astimezone().date() else f"{local:%m-%d %H:%M}"


def proven_down(snapshot: Snapshot) -> bool:
    """Return whether the state is what the link proves now: the project is down."""
    return snapshot.link.word is LinkWord.OFFLINE and snapshot.state is State.CRITICAL


def link_words(link: Link, now: datetime, *, still: bool = False) -> str:
    """Return the state of the link in words: live, or since when it is not and when it is tried again.

    `still`: of another moment than now, of which nothing is tried any more.
    """
    if link.word is LinkWord.STALE:
        tell_step(1.0)
        return f"STALE {short(now - link.since)}" if link.since is not None else "STALE"
    if link.word not in {LinkWord.OFFLINE, LinkWord.BLIND}:
        return link.word.value
    since = f" since {link.down_since.astimezone():%H:%M}" if link.down_since is not None else ""
    if still:
        return f"{link.word}{since}"
    following = ""
    if link.next_at is not None:
        seconds = max(0.0, (link.next_at - now).total_seconds())
        tell_step(seconds or math.inf)
        following = f", next in {left_in_steps(seconds)}" if seconds else ", trying now"
    return f"{link.word}{since}, try {link.tries}{following}"


def notice_lines(notices: tuple[str, ...], width: int, most: int) -> list[str]:
    """Return the notices in one line, or in two of up to `most` where one has no room for all of them."""
    if not notices:
        return []
    if most < 2 or len(notices) < 2 or cell_len(_BETWEEN.join(notices)) <= width:
        return [said_within(notices, width)]
    return [said_within(notices[:1], width), said_within(notices[1:], width)]


def said_within(notices: tuple[str, ...], width: int) -> str:
    """Return as many notices as fit, at least one, and the count of the others; the help lists them all."""
    for many in range(len(notices), 1, -1):
        line = _BETWEEN.join(notices[:many]) + _more(len(notices) - many)
        if cell_len(line) <= width:
            return line
    if len(notices) < 2:
        return notices[0]
    rest = _more(len(notices) - 1)
    room, first = width - len(rest), notices[0]
    return (first if cell_len(first) <= room else set_cell_size(first, max(1, room - 1)) + "…") + rest


def _more(count: int) -> str:
    return f"  · {count} more (?)" if count else ""
