"""Option types for times and durations as people type them."""

from datetime import UTC, datetime, timedelta

import click

from core.base.time_input import EXAMPLES, moment_of, span_of


class Lasts(click.ParamType[timedelta]):
    """A duration from now on: `2h`, `30min`, `7d`."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse the text. Raises click's BadParameter with one sentence."""
        if isinstance(value, timedelta):
            return value
        span = span_of(str(value))
        if span is None:
            self.fail(f"{str(value)!r} is no length of time; write 2h, 30min or 7d", param, ctx)
        return span


class Since(click.ParamType[datetime]):
    """A point in time, as an aware datetime in UTC. A time without a zone is local."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse the text. Raises click's BadParameter with one sentence."""
        if isinstance(value, datetime):
            return value
        found = moment_of(str(value), datetime.now(UTC))
        if found is None:
            self.fail(f"{str(value)!r} is no time; write 2h, 7d, {EXAMPLES}", param, ctx)
        return found
