"""`watchdesk sql`: optional SQL for the project, printed; a person reads it and runs it, or not."""

import click

from core.backend.optional_sql import SCRIPTS, script
from core.backend.schema import Shape
from core.base.settings import SettingsError
from core.monitor import Monitor, read_config
from core.resilience import NotLive
from tui.cli import exits
from tui.cli.event_loop import run_command
from tui.cli.layers import checked_layers
from tui.cli.session import fail, said, start_logging, tell


@click.command(name="sql")
@click.argument("name", type=click.Choice(SCRIPTS), metavar="indexes|stats|rls")
@click.option("--shape", type=click.Choice([shape.value for shape in Shape]), help="[default: what the project has]")
@click.pass_context
def command(context: click.Context, *, name: str, shape: str | None) -> None:
    """Print optional SQL that helps with large tables (indexes, stats) or tightens who may do what (rls)."""
    if shape is not None:
        click.echo(script(name, Shape(shape)), nl=False)
        context.exit(exits.DONE)
    try:
        config = read_config(checked_layers(), project=context.obj["project"], observe=True)
    except SettingsError as error:
        raise click.ClickException(f"{said(str(error))}\nOr name the shape: watchdesk sql {name} --shape …") from error
    start_logging(config.target, config.alerts.secrets())

    async def act() -> int:
        monitor = Monitor(config)
        try:
            schema = await monitor.discover()
        except NotLive as not_live:
            tell(f"Name the shape without asking the project: watchdesk sql {name} --shape …")
            return fail(not_live.fault)
        finally:
            await monitor.close()
        click.echo(script(name, schema.shape), nl=False)
        return exits.DONE

    context.exit(run_command(act()))
