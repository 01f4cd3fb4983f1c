"""Keys that come in one burst: each takes effect before the next one is handled, with the focus it has moved.

Dispatched through the widgets, as Textual does, a key that moves the focus takes effect after the keys typed behind it.
"""

from typing import Any, Final

from textual import events
from textual.app import App
from textual.screen import Screen

from tui.dialogs.field import Field

_MOVES: Final = {"app.focus_next", "app.focus_previous"}


async def typed(app: App[Any], screen: Screen[Any], event: events.Key | events.Paste) -> bool:
    """Handle a key at once if it is typed into a field or moves the focus. Return whether it was one of those."""
    if isinstance(screen.focused, Field):
        await _into(app, screen.focused, event)
        return True
    active = screen.active_bindings.get(event.key) if isinstance(event, events.Key) else None
    if active is None or active.binding.action not in _MOVES:
        return False
    await app.run_action(active.binding.action, active.node)
    return True


async def _into(app: App[Any], field: Field, event: events.Key | events.Paste) -> None:
    if isinstance(event, events.Paste):
        field._on_paste(event)
    elif await app._check_bindings(event.key, priority=True):
        return
    elif event.is_printable and event.character:
        field.replace(event.character, *field.selection)
    else:
        await app._check_bindings(event.key)
