"""Notify an operator who does not look: the terminal's bell, or a desktop notification by the terminal."""

from core.base.text import clean
from core.domain.snapshot import Snapshot
from tui.rendering.ascii import spelled


class TerminalNotifier:
    """Turns each alert that began to fire since the last snapshot into text for the terminal."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self._ascii_only = ascii_only
        self._known: set[tuple[str, str]] | None = None

    def heard(self, snapshot: Snapshot) -> str:
        """Return the escape sequences to write; empty if no alert is new. Alerts of the first snapshot are not new."""
        if not snapshot.ready:
            return ""
        firing = {(one.key, one.episode): one for one in snapshot.alerts if one.state == "firing"}
        known, self._known = self._known, set(firing)
        new = [] if known is None else [one for key, one in firing.items() if key not in known]
        if not new:
            return ""
        more = f" and {len(new) - 1} more" if len(new) > 1 else ""
        title = self._words(f"watchdesk {snapshot.project.name}", 60)
        text = self._words(f"{new[0].severity.upper()}: {new[0].title}{more}", 120)
        notification = {"osc9": f"\x1b]9;{title}: {text}\x07", "osc777": f"\x1b]777;notify;{title};{text}\x07"}
        bell = "\x07" if snapshot.telling.bell else ""
        return bell + notification.get(snapshot.telling.desktop, "")

    def _words(self, text: str, limit: int) -> str:
        words = clean(text, limit).replace(";", ",")
        return spelled(words) if self._ascii_only else words
