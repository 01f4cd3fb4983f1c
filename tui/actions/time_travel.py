"""Back and forth in time, and notes about it: nothing of it concerns the project."""

from tui.actions.ui import Ui
from tui.dialogs import JumpDialog, NoteDialog


async def earlier(front: Ui) -> None:
    """The picture before."""
    await front.time.step(-1)


async def later(front: Ui) -> None:
    """The picture after; after the last one there is now."""
    await front.time.step(1)


async def event_before(front: Ui) -> None:
    """The last moment before at which something happened."""
    await front.time.mark(-1)


async def event_after(front: Ui) -> None:
    """The next one."""
    await front.time.mark(1)


async def jump(front: Ui) -> None:
    """Ask for a time."""
    front.ask(JumpDialog(front.time.jump))


async def note(front: Ui) -> None:
    """Ask for a note about the moment that is shown."""
    if why := front.monitor.may_note():
        front.tell(f"Note: {why}")
        return
    front.ask(NoteDialog(front.time.noted_at(), front.time.note))


async def now(front: Ui) -> None:
    """Back to now."""
    if front.time.moment is None:
        front.tell("this is now")
    front.time.now()
