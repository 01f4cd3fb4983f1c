"""The option type for times as people type them."""

from datetime import UTC, datetime

import click

from core.base.time_input import EXAMPLES, moment_of


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
