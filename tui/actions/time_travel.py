"""Back and forth in time, and notes about it: nothing of it concerns the project."""

from tui.actions.ui import Ui
from tui.dialogs import JumpDialog, NoteDialog


async def earlier(ui: Ui) -> None:
    """The picture before."""
    await ui.time.step(-1)


async def later(ui: Ui) -> None:
    """The picture after; after the last one there is now."""
    await ui.time.step(1)


async def event_before(ui: Ui) -> None:
    """Where the last incident before began."""
    await ui.time.mark(-1)


async def event_after(ui: Ui) -> None:
    """The next one."""
    await ui.time.mark(1)


async def jump(ui: Ui) -> None:
    """Ask for a time."""
    ui.ask(JumpDialog(ui.time.jump))


async def zoom_in(ui: Ui) -> None:
    """Less of the past in the time line."""
    await ui.time.zoom(-1)


async def zoom_out(ui: Ui) -> None:
    """More of it."""
    await ui.time.zoom(1)


async def note(ui: Ui) -> None:
    """Ask for a note about the moment that is shown."""
    if why := ui.monitor.may_note():
        ui.tell(f"Note: {why}")
        return
    ui.ask(NoteDialog(ui.time.noted_at(), ui.time.note))


async def now(ui: Ui) -> None:
    """Back to now."""
    if ui.time.moment is None:
        ui.tell("already showing the present")
    ui.time.now()
