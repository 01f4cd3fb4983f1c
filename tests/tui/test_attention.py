"""Keys, clicks and the terminal's focus tell the monitor that somebody looks; what merely passes by does not."""

from textual import events

from tests.tui.drawn import app_on, monitor_of, run
from tests.tui.well import HEALTHY


def mouse(kind: type[events.MouseEvent], button: int) -> events.MouseEvent:
    return kind(None, x=5, y=5, delta_x=0, delta_y=0, button=button, shift=False, meta=False, ctrl=False)


async def test_a_key_a_click_and_the_focus_are_told_to_the_monitor_and_a_move_of_the_mouse_is_not() -> None:
    app = app_on(HEALTHY)
    async with run(app, (120, 40)) as pilot:
        told = monitor_of(app).attention
        for event, word in (
            (mouse(events.MouseMove, 0), ""),
            (events.Key("down", None), "looked"),
            (events.AppBlur(), "left"),
            (events.AppFocus(), "focused"),
            (mouse(events.MouseDown, 1), "looked"),
        ):
            told.clear()
            app.post_message(event)
            await pilot.pause()
            assert told == ([word] if word else []), event
