"""`watchdesk login`: sign in once, and keep the session for this project, readable by its owner only."""

import click
import msgspec

from core.backend.target import KeyKind, Target, read_target
from core.base.settings import SettingsError
from core.monitor import Places
from core.monitor.login import log_in
from core.resilience import NotLive
from tui.cli.event_loop import run_command
from tui.cli.exits import DONE, WRONG
from tui.cli.guide import LOGIN
from tui.cli.layers import checked_layers
from tui.cli.session import fail, is_answering, put, said, start_logging, tell


@click.command(name="login", epilog=LOGIN)
@click.option("--email", metavar="ADDRESS", help="E-mail to sign in with; default: SUPABASE_EMAIL, or you are asked.")
@click.pass_context
def command(context: click.Context, *, email: str | None) -> None:
    """Sign in and keep the session; the password comes from SUPABASE_PASSWORD, else it is asked for."""
    target = project(context)
    if target.kind is KeyKind.SECRET:
        raise click.ClickException(
            "a secret key is set and needs no sign-in; to sign in as a user set the publishable key instead"
        )
    who = email or target.email or _asked("E-mail", hide=False)
    configured = target.password if target.email in {"", who} else ""
    user = msgspec.structs.replace(target, email=who, password=configured or _asked(f"Password of {who}", hide=True))
    start_logging(user)
    context.exit(_log_in(user))


def _log_in(user: Target) -> int:
    try:
        run_command(log_in(user, Places.of_platform()))
    except NotLive as not_live:
        return fail(not_live.fault)
    except OSError as error:
        tell(f"watchdesk: the session cannot be kept: {error}")
        return WRONG
    put(
        f"signed in to {user.name} as {user.email}; the session is renewed automatically until you run: watchdesk"
        " logout"
    )
    return DONE


def project(context: click.Context) -> Target:
    """Return the configured project, without the session of a user. Raises ClickException if it cannot be used."""
    try:
        return read_target(checked_layers(), context.obj["project"])
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


def _asked(what: str, *, hide: bool) -> str:
    if not is_answering():
        tell("watchdesk: nobody is there to ask; set SUPABASE_EMAIL and SUPABASE_PASSWORD")
        raise click.exceptions.Exit(WRONG)
    return str(click.prompt(what, hide_input=hide, err=True))
