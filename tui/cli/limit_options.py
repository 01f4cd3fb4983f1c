"""The command-line options of the sandbox's limits."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from core.sandbox.limits import Limits

F = TypeVar("F", bound=Callable[..., Any])


def limit_options(command: F) -> F:
    """Add `--max-rows`, `--statement-timeout`, `--safeupdate`, `--lenient-mail` and `--verify-jwt`, as one `limits`."""

    @functools.wraps(command)
    def called(*args: Any, statement_timeout: float | None, **given: Any) -> Any:
        own = {name: given.pop(name) for name in Limits.__struct_fields__ if name in given}
        return command(*args, limits=Limits(statement_timeout_s=statement_timeout, **own), **given)

    decorated: Any = called
    for option in (
        click.option(
            "--verify-jwt/--no-verify-jwt",
            default=True,
            show_default=True,
            help="Functions take a user's token or a legacy key only, no sb_ key.",
        ),
        click.option(
            "--lenient-mail/--strict-mail",
            default=False,
            show_default=True,
            help="The deployed shape's mail function takes {to, template, data} as well.",
        ),
        click.option(
            "--safeupdate/--no-safeupdate",
            default=True,
            show_default=True,
            help="Refuse updates and deletes without WHERE.",
        ),
        click.option(
            "--statement-timeout",
            type=click.FloatRange(0, min_open=True),
            metavar="SECONDS",
            help="Cancel a statement after so long.  [default: 3 for anon, else 8]",
        ),
        click.option(
            "--max-rows", type=click.IntRange(1), default=1000, show_default=True, help="A read returns no more."
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)
