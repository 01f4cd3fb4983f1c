"""What the terminal shows, as text to be read: the picture in a frame, then which cells are painted in which role."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot
from textual.widgets import Input

from core.domain.actions import Action
from core.domain.snapshot import Snapshot
from core.history.blackbox import Box
from tests.clock import FakeClock
from tests.tui.rows import RECORDS
from tests.tui.still import Records, StillFaults, StillMonitor
from tests.until import PATIENCE_S
from tui.app.app import WatchdeskApp
from tui.base.settings import Setup
from tui.dialogs import ActionDialog

_STILL: Final = 2


class Picture(SingleFileSnapshotExtension):
    """One file a picture, under `golden/`, by the picture's name alone."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"
    snapshot_dirname = "golden"

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        """All in one place."""
        return super(SingleFileSnapshotExtension, cls).dirname(test_location=test_location)

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, index: Any = 0) -> str:
        """The name that the test gave it: of the picture and of its file, or every one counts as unused."""
        return str(index)

    @classmethod
    def matches_test_location(cls, *, test_location: Any, snapshot_location: str) -> bool:
        """One file of tests has them all."""
        return Path(snapshot_location).parent == Path(cls.dirname(test_location=test_location))


def app_on(
    snapshot: Snapshot,
    records: Records = RECORDS,
    *,
    box: Box | None = None,
    faults: StillFaults | None = None,
    **setup: Any,
) -> WatchdeskApp:
    """The real app on a monitor that stands still, its clock at the picture's moment."""
    monitor = StillMonitor(snapshot, records, box)
    return WatchdeskApp(monitor, Setup(**setup), clock=FakeClock(snapshot.at), faults=faults)


def monitor_of(app: WatchdeskApp) -> StillMonitor:
    """What it was given."""
    assert isinstance(app.monitor, StillMonitor)
    return app.monitor


def run(app: WatchdeskApp, size: tuple[int, int]) -> AbstractAsyncContextManager[Pilot[None]]:
    """On a terminal of so many cells."""
    return app.run_test(size=size)


_READ_S = 20.0


def read_it(app: WatchdeskApp) -> None:
    """A dialog was open long enough to be read, however long a key waits to be taken up; the wall clock stands."""
    assert isinstance(app.clock, FakeClock)
    app.clock.advance(_READ_S)
    app.clock.jump_wall(-_READ_S)


async def settled(pilot: Pilot[None], condition: Callable[[], bool] = lambda: True) -> str:
    """The picture once it moves no more and `condition` holds."""
    before, still = list[list[Segment]](), 0
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        await pilot.pause()
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
            field._cursor_visible = True
        now = _lines(pilot.app)
        still = still + 1 if now == before and condition() else 0
        if still == _STILL:
            return drawn(pilot.app)
        before = now
    raise AssertionError(f"it never came to rest:\n{drawn(pilot.app)}")


def text_of(picture: str) -> str:
    """The picture without its frame and its paint."""
    return "\n".join(line[1:-1] for line in picture.splitlines() if line.startswith("│"))


def drawn(app: Any) -> str:
    """The picture, a line for the paint of each line that has any, and what each role looks like."""
    width, height = app.size
    lines = _lines(app)
    names = _names(app)
    painted = [_paint(line, names) for line in lines]
    used = {name for runs in painted for name, _, _ in runs}
    frame = "─" * width
    picture = [f"│{''.join(segment.text for segment in line)}│" for line in lines]
    paint = [f"{n:>2} {_told(runs)}" for n, runs in enumerate(painted, 1) if runs]
    looks = {name: style for style, name in reversed(names.items())}  # the first of a role's: on the ground
    legend = [f"{name} = {look}" for name, look in reversed(looks.items()) if name in used and name != str(look)]
    return "\n".join((f"{width} x {height}", f"┌{frame}┐", *picture, f"└{frame}┘", *paint, "", *legend, ""))


def text_lines(app: Any) -> list[str]:
    """What stands on each line of the terminal, without its paint."""
    return ["".join(segment.text for segment in line) for line in _lines(app)]


def front(app: Any) -> list[tuple[str, Style]]:
    """What stands on top, with its style: the whole screen, or only the box of a dialog, and notices."""
    boxes = [one.region for one in app.screen.query("#box, CommandPalette Vertical, OptionList, Toast")]
    inside = boxes if app.screen.is_modal else [app.screen.region]
    found = list[tuple[str, Style]]()
    for y, line in enumerate(_lines(app)):
        x = 0
        for segment in line:
            if any(region.contains(x, y) for region in inside):
                found.append((segment.text, segment.style or Style()))
            x += cell_len(segment.text)
    return found


def _lines(app: Any) -> list[list[Segment]]:
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return [[segment for strip in strips for segment in strip] for strips in update.strips]


def _names(app: Any) -> dict[Style, str]:
    """What each style is called: by its role, if it has but one; the text's own comes first."""
    named: dict[Style, str] = {}
    styles = app.appearance.styles
    for role, style in styles.items():
        raised = (style + styles["surface"],) if style.bgcolor == styles["text"].bgcolor else ()
        for shown in dict.fromkeys((style, *raised)):
            caught = app._output_filter.apply([Segment("x", shown)], None)[0].style or Style()
            named[caught] = role if caught not in named else named[caught] if named[caught] == "text" else str(caught)
    return named


def _paint(line: list[Segment], names: dict[Style, str]) -> list[tuple[str, int, int]]:
    """Which cells are in which role; plain text and what nobody sees are left out."""
    runs: list[tuple[str, int, int]] = []
    shown = _cells(line)
    at = 0
    for segment in line:
        cells = cell_len(segment.text)
        style = (segment.style or Style()).clear_meta_and_links()
        name = names.get(style, str(style))
        begin, at = at, at + cells
        if name in {"text", "none"} or not cells or (not segment.text.strip() and not _seen(style, names)):
            continue
        if runs and runs[-1][0] == name and not "".join(shown[runs[-1][2] : begin]).strip():
            runs[-1] = (name, runs[-1][1], at)
        else:
            runs.append((name, begin, at))
    return runs


def _cells(line: list[Segment]) -> list[str]:
    return [char for segment in line for char in segment.text for _ in range(max(1, cell_len(char)))]


def _seen(style: Style, names: dict[Style, str]) -> bool:
    """Whether even a blank in it is seen."""
    ground = next(iter(names)).bgcolor
    return bool(style.reverse or style.underline or style.strike) or style.bgcolor not in {None, ground}


def _told(runs: list[tuple[str, int, int]]) -> str:
    return ", ".join(f"{name} {begin}-{end - 1}" for name, begin, end in runs)


def asks(app: WatchdeskApp, action: Action) -> bool:
    """Return whether the dialog of that action is on top."""
    return isinstance(app.screen, ActionDialog) and app.screen.action.name == action.name
