"""Every key: its name in the config file, its effect, and the action behind it.

Bindings, footer, help, palette and the `[keys]` table of the config file are made from these rows and nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core.actions.catalogue import ACTIONS
from core.base.settings import Layers, SettingsError
from core.domain.actions import Action, Shortcut
from tui.base.key import Key, displayed, is_key, named
from tui.lists import LISTS
from tui.screens.order_words import taken


def _press(name: str, key: str, word: str, does: str, drops: int = 0) -> Key:
    return Key(name=name, key=key, action=f"press('{name}')", word=word, does=does, drops=drops)


def _of(action: Action, shortcut: Shortcut) -> Key:
    key = _press(shortcut.name, shortcut.key, shortcut.word, shortcut.does, shortcut.drops)
    about, command = "order" if taken(action) else "", action.command
    also = (command.name,) if command is not None and command.name.replace("-", "_") not in _NAMES else ()
    # a stop is there from within a filter, too
    return replace(key, order=action.name, priority=action.hurries, about=about, also=also)


_NAMES: Final = {action.shortcut.name for action in ACTIONS.values() if action.shortcut is not None}
_OF_ACTIONS: Final = tuple(_of(action, action.shortcut) for action in ACTIONS.values() if action.shortcut is not None)

ACTION_KEYS: Final = (
    *(key for key in _OF_ACTIONS if key.key),
    _press("orders", "o", "actions", "actions: withdraw what waits, undo, retry a failed task", 16),
)
OPEN_KEYS: Final = tuple(kind.KEY for kind in LISTS.values())
"""A key for each list."""
SCREEN_KEYS: Final = (
    Key(name="trends", key="v", action="trends", word="trends", does="trends: success, failures, latency and queue as plots", drops=12),
    Key(name="figures", key="V,shift+v", action="figures", word="figures", does="figures: what finished by day, by week, by type", drops=21),
    Key(name="filter", key="slash,f", action="filter", word="filter", does="filter: a list, or from the dashboard the tasks", drops=10),
    Key(name="freeze", key="space", action="freeze", word="freeze", does="freeze the screen, or continue", drops=11),
    Key(name="wall", key="b", action="wall", word="wall", does="wall mode: large, for a display nobody touches; b goes back", drops=21),
    Key(name="projects", key="P,shift+p", action="projects", word="projects", does="projects: all those of the config file, a row each; this monitor ends", drops=22),
    Key(name="times", key="T,shift+t", action="times", word="times", does="switch between clock times and ages", drops=18),
    Key(name="copy", key="y", action="copy", word="copy", does="copy: the row's id, or the state in one line", drops=17),
    Key(name="faults", key="ctrl+x", action="press('faults')", word="faults", does="the demo's faults, on and off", drops=4),
    Key(name="prompt", key="colon", action="prompt", word="prompt", does="prompt: a list, a theme or an action by its name; tab completes", drops=19),
    Key(name="help", key="question_mark", action="help", word="help", does="this help"),
    Key(name="palette", key="ctrl+p", action="command_palette", word="menu", does="command palette: every action and list by name", drops=19),
    Key(name="quit", key="q", action="quit", word="quit", does="quit; asks first if an action is waiting or running", also=("q",)),
)  # fmt: skip
TIME_KEYS: Final = (
    Key(name="earlier", key="left_square_bracket", action="time('earlier')", word="earlier", does="earlier: the previous snapshot from the black box; hold the key to go faster", drops=12),
    Key(name="later", key="right_square_bracket", action="time('later')", word="later", does="later: the next snapshot; after the last one comes the present", drops=21),
    Key(name="event_before", key="left_curly_bracket,ctrl+left", action="time('event_before')", word="incident", does="previous incident: go back to where one began or ended; also ctrl+←", drops=21),
    Key(name="event_after", key="right_curly_bracket,ctrl+right", action="time('event_after')", word="incident", does="next incident: go forward to where one began or ended; also ctrl+→", drops=21),
    Key(name="jump", key="at", action="time('jump')", word="time", does="time: go to a time in the past", drops=21, about="moment", also=("past", "@")),
    Key(name="zoom_in", key="plus", action="time('zoom_in')", word="zoom", does="zoom in: less of the past in the time line, down to an hour", drops=22),
    Key(name="zoom_out", key="minus", action="time('zoom_out')", word="zoom", does="zoom out: more of it: 6 h, 24 h, all that is kept", drops=22),
    Key(name="report", key="N,shift+n", action="report", word="report", does="report: of the incident that is shown, or the last 2 h; saved in a file", drops=21, about="since"),
    Key(name="note", key="n", action="time('note')", word="note", does="note: about the moment that is shown", drops=20),
    Key(name="now", key="0", action="time('now')", word="now", does="now: back from the past", drops=22),
)  # fmt: skip
"""Keys for time travel. They start no action, and work in the past as well."""

NOTE_KEY: Final = next(key for key in TIME_KEYS if key.name == "note")

LIST_KEYS: Final = (
    Key(name="open", key="enter", action="open", word="open", does="open the row: details, and what can be done with it"),
    Key(name="sort", key="S,shift+s", action="sort", word="sort", does="sort by the next column; a click on its name does, too", drops=1),
    Key(name="turn", key="I,shift+i", action="turn", word="turn", does="reverse the order", drops=3),
    Key(name="follow", key="F,shift+f", action="follow", word="follow", does="follow: keep the newest row in view as new ones arrive", drops=2),
    Key(name="retry", key="R,shift+r", action="retry", word="retry", does="retry every failed task that matches the filter", drops=2, order="retry_matching"),
    Key(name="group", key="ctrl+g", action="group", word="group", does="group: count tasks by type, status, agent or error", drops=3),
    Key(name="many", key="M,shift+m", action="many", word="many", does="bulk: approve, reject or cancel all tasks that match the filter", drops=2),
    Key(name="switch", key="E,shift+e", action="switch", word="on/off", does="enable or disable the safety check under the cursor", drops=1),
    Key(name="back", key="escape", action="back", word="back", does="back"),
)  # fmt: skip
_LISTED: Final = {key.name: key for key in (*LIST_KEYS, *SCREEN_KEYS)}
PROJECT_KEYS: Final = (
    replace(_LISTED["open"], does="open the project: its own monitor; q there comes back"),
    replace(_LISTED["sort"], does="sort by the next column; then as in the config file, then the worst first"),
    _LISTED["turn"],
    replace(_LISTED["back"], does="back to the monitor that this list was opened from", drops=1),
    _LISTED["times"],
    _LISTED["help"],
    replace(_LISTED["quit"], does="quit: the monitors of all projects end", also=()),
)
"""The keys of the list of projects, in which no action can be started."""
ROW_KEYS: Final = (
    Key(name="save", key="W,shift+w", action="save", word="save", does="save the whole row in a file", drops=13),
)
TREND_KEYS: Final = (
    Key(name="cursor_left", key="left", action="cursor(-1)", word="cursor", does="the cursor: an earlier time, and every value at it; also by a click"),
    Key(name="cursor_right", key="right", action="cursor(1)", word="cursor", does="the cursor: a later time; escape takes it away", drops=2),
    Key(name="cursor_first", key="home", action="edge(0)", word="first", does="the cursor: the earliest time", drops=4),
    Key(name="cursor_last", key="end", action="edge(-1)", word="last", does="the cursor: the latest time", drops=4),
    Key(name="shorter", key="less_than_sign", action="window(-1)", word="shorter", does="a shorter window, down to an hour"),
    Key(name="longer", key="greater_than_sign", action="window(1)", word="longer", does="a longer window, up to 30 days"),
    Key(name="plot", key="tab", action="plot", word="one plot", does="one plot alone, then the next, then all four", drops=1),
)  # fmt: skip
_TRENDS: Final = {key.name: key for key in TREND_KEYS}
FIGURE_KEYS: Final = (
    replace(_TRENDS["shorter"], key="left,less_than_sign"),
    replace(_TRENDS["longer"], key="right,greater_than_sign"),
    replace(_TRENDS["plot"], action="by", word="by", does="by day, by week, by type", drops=0),
)
"""The same keys as in the trends, with tables in the place of plots, and no cursor."""
MENU_ONLY: Final = (
    *(key for key in _OF_ACTIONS if not key.key),
    Key(name="theme", key="", action="theme", word="theme", does="theme: change it for this session", about="theme"),
    Key(name="throughput", key="", action="throughput", word="throughput", does="throughput: over 6 h, 24 h or 7 d, until it ends", about="period"),
    Key(name="groups", key="", action="groups", word="groups", does="groups: count tasks by type, status, agent or error", about="groups"),
    Key(name="settings", key="", action="settings", word="settings", does="settings: every one, and where its value came from"),
)  # fmt: skip
"""What has a place in the menu and at the prompt alone."""

GLOBAL_KEYS: Final = (*ACTION_KEYS, *OPEN_KEYS, *TIME_KEYS, *SCREEN_KEYS)
ALL_KEYS: Final = (*GLOBAL_KEYS, *LIST_KEYS, *ROW_KEYS, *TREND_KEYS)

_IN_THE_PAST: Final = {
    "earlier": 0,
    "later": 1,
    "event_before": 2,
    "event_after": 2,
    "jump": 3,
    "report": 5,
    "note": 4,
    "now": 0,
} | {
    "zoom_in": 6,
    "zoom_out": 6,
}
"""The `drops` of the keys for time travel in a footer of the past; keys of actions are dropped before them."""


def keys_in_the_past(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return the keys for the footer while the screen shows the past: those for time travel first, without freeze."""
    kept = [key for key in keys if key.name not in {*_IN_THE_PAST, "freeze"}]
    time = [replace(key, drops=_IN_THE_PAST[key.name]) for key in TIME_KEYS]
    return (*time, *(replace(key, drops=21) if key.acts else key for key in kept))


TAKEN: Final = {
    *("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "ctrl+c", "ctrl+q"),
    *("j", "k", "g", "G", "ctrl+b", "ctrl+f", "ctrl+d", "ctrl+u"),
}
"""Keys that move about; they cannot be given to anything else."""


def key_settings(layers: Layers) -> dict[str, str]:
    """Return the keys that `[keys]` of the config file, or WATCHDESK_KEYS_<NAME>, give to our names. Raises SettingsError."""
    kind = msgspec.defstruct("Keys", [(key.name, str, "") for key in ALL_KEYS], frozen=True, kw_only=True)
    given: dict[str, Any] = msgspec.structs.asdict(layers.section("keys", kind))
    moved = {name: keys.replace(" ", "") for name, keys in given.items() if keys}
    _check(moved)
    return moved


def _check(moved: Mapping[str, str]) -> None:
    """Check that moved keys exist, and that no key has two meanings. Raises SettingsError."""
    owner: dict[str, str] = {}
    for key in sorted(ALL_KEYS, key=lambda key: key.name in moved):
        given = key.name in moved
        for one in map(named, moved.get(key.name, key.key).split(",")):
            if given and not is_key(one):
                raise SettingsError(f"[keys] {key.name}: {one!r} is not a key; use one like h, ctrl+e, f5 or space")
            if given and one in TAKEN:
                raise SettingsError(f"[keys] {key.name}: {displayed(one)} moves about in lists; choose another key")
            if owner.setdefault(one, key.name) != key.name:
                raise SettingsError(f"[keys] {key.name}: {displayed(one)} is {owner[one]} already; choose another key")
