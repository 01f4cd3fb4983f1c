"""The options of the sandbox's limits."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from core.sandbox.limits import Limits

F = TypeVar("F", bound=Callable[..., Any])


def limit_options(command: F) -> F:
    """Adds `--max-rows`, `--statement-timeout`, `--safeupdate` and `--lenient-mail`; it gets them as one `limits`."""

    @functools.wraps(command)
    def called(
        *args: Any, max_rows: int, statement_timeout: float | None, safeupdate: bool, lenient_mail: bool, **more: Any
    ) -> Any:
        limits = Limits(
            max_rows=max_rows, statement_timeout_s=statement_timeout, safeupdate=safeupdate, lenient_mail=lenient_mail
        )
        return command(*args, limits=limits, **more)

    decorated: Any = called
    for option in (
        click.option(
            "--lenient-mail/--strict-mail",
            default=True,
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
