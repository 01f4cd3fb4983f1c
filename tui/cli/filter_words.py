"""Commands that take the words of a filter: a word with a `-` before it leaves rows out, and is no option."""

import re
from typing import Final

import click

_LEFT_OUT: Final = re.compile(r"^-(?=[^-].)")
_STAND_IN: Final = "\x01"
"""Stands for that `-` while options are parsed; nobody can type it."""


class FilterCommand(click.Command):
    """A command whose words may begin with a `-`; its own short options have one letter."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options, and leave the words as they are."""
        return super().parse_args(ctx, [re.sub(_LEFT_OUT, _STAND_IN, one, count=1) for one in args])


def words_of(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words as they were typed."""
    return tuple(f"-{one[1:]}" if one.startswith(_STAND_IN) else one for one in given)
