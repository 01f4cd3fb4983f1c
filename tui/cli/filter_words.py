"""Commands that take the words of a filter: a word with a `-` before it leaves rows out, and is no option."""

import re
from typing import Any, Final

import click

_LEFT_OUT: Final = re.compile(r"^-(?!-|h$)(?=.)")
_STAND_IN: Final = "\x01"
"""Stands for that `-` while options are parsed; nobody can type it."""


class FilterCommand(click.Command):
    """A command whose words may begin with a `-`; its own short options have one letter."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options, and leave the words as they are."""
        valued = {name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        words = [
            one if before in valued else re.sub(_LEFT_OUT, _STAND_IN, one, count=1)
            for before, one in zip(("", *args), args, strict=False)
        ]
        rest = super().parse_args(ctx, words)
        ctx.params = {name: _as_typed(value) for name, value in ctx.params.items()}
        return rest


def _as_typed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_as_typed, value))
    return f"-{value[1:]}" if isinstance(value, str) and value.startswith(_STAND_IN) else value
