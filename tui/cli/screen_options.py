"""The options of every command that shows the screen."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import click
import msgspec

from tui.rendering.palettes import CHOICES

F = TypeVar("F", bound=Callable[..., Any])


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The screen's command-line options; `None` if not given. `wall`: start in wall mode."""

    theme: str | None = None
    mouse: bool | None = None
    ascii: bool | None = None
    wall: bool = False


def screen_options(command: F) -> F:
    """Add `--theme`, `--mouse`, `--ascii` and `--wall`; the command gets them as one `screen`."""

    @functools.wraps(command)
    def called(
        *args: Any, theme: str | None, mouse: bool | None, ascii_signs: bool | None, wall: bool, **more: Any
    ) -> Any:
        return command(*args, screen=ScreenOptions(theme=theme, mouse=mouse, ascii=ascii_signs, wall=wall), **more)

    decorated: Any = called
    for option in (
        click.option("--wall", is_flag=True, help="Begin in wall mode: large, for a display nobody touches."),
        click.option(
            "--ascii/--no-ascii", "ascii_signs", default=None, help="Use plain ASCII; default: depends on the locale."
        ),
        click.option(
            "--mouse/--no-mouse",
            default=None,
            help="Handle the mouse, or leave it to the terminal (so that you can select text).",
        ),
        click.option(
            "--theme",
            type=click.Choice(CHOICES),
            default=None,
            help="Default: [screen] theme, or what the terminal reports. NO_COLOR overrides all.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def screen_words(given: ScreenOptions) -> Sequence[str]:
    """Return the screen's options as words of a command line."""
    return (
        *(["--theme", given.theme] if given.theme is not None else []),
        *([] if given.ascii is None else ["--ascii" if given.ascii else "--no-ascii"]),
        *([] if given.mouse is None else ["--mouse" if given.mouse else "--no-mouse"]),
        *(["--wall"] if given.wall else []),
    )
