"""`watchdesk config`: every setting as it holds and where it came from, which files are read, and a first file."""

from pathlib import Path
from typing import Any, Final

import click

from core.base.directories import cache_directory, state_directory
from core.base.settings import SettingsError, config_path
from tui.cli.exits import DONE
from tui.cli.forms import items_of, put_as, takes_form
from tui.cli.layers import checked_layers
from tui.cli.session import log_path, put, put_json, said
from tui.cli.settings_page import settings_page
from tui.cli.settings_reference import NAMES, Setting, settings

_COLUMNS: Final = ("section", "name", "value", "unit", "default", "source", "from", "variables", "what")

_LAYERS: Final = """\
Weakest first: the config file, .env, .env.local (both of the working directory), the environment, flags. Empty counts
as not set. A list in a variable stands apart by blanks. Several projects are tables [projects.NAME] of the file;
--project NAME takes url, key and sign-in from that table alone.

Also heeded: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY (names, addresses, networks such as 10.0.0.0/8 or fe80::/10,
[::1], each with a port or without), SSL_CERT_FILE, SSL_CERT_DIR, SSLKEYLOGFILE, NO_COLOR, COLORFGBG. A terminal that
is not UTF-8 gets plain ASCII."""


@click.group(name="config")
def command() -> None:
    """Show every setting and where it came from, or which files are read; or write a first file."""


@command.command(name="show", epilog=_LAYERS)
@click.argument("section", required=False, metavar="[SECTION]", type=click.Choice(NAMES))
@takes_form
@click.pass_context
def show(context: click.Context, *, section: str | None, form: str | None) -> None:
    """Print every setting, or those of one section: value, unit, bounds, source; of a secret only whether it is set."""
    given = context.obj
    try:
        found = settings(checked_layers(), given["screen"], project=given["project"], observe=given["observe"])
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    names = [name for name in NAMES if section in {None, name}]
    data = [_as_data(one) for one in found if one.section in names]
    put_as(
        form,
        text=lambda: settings_page(found, names),
        sheet=lambda: items_of(_COLUMNS, data),
        data=lambda: {"settings": data},
    )
    context.exit(DONE)


@command.command(name="path")
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def path(context: click.Context, *, as_data: bool) -> None:
    """Print which files are read, weakest first, and where this machine keeps what it keeps."""
    try:
        read = [config_path(), *(Path(name).absolute() for name in (".env", ".env.local"))]
        kept = {
            "cache": (cache_directory(), "last-known data, JSON; may be deleted at any time"),
            "state": (state_directory(), "state, sessions and the black box; keep it, and keep it private"),
            "log": (log_path(), "no keys, tokens or passwords in it"),
        }
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    if as_data:
        files = [{"path": str(one), "there": _there(one)} for one in read]
        put_json({"version": 1, "read": files, **{name: str(at) for name, (at, _) in kept.items()}})
    else:
        lines = ["files read, lowest priority first; environment variables and flags override them:"]
        lines += [f"  {one}  ({_there(one)})" for one in read]
        lines += ["kept:", *(f"  {at}  ({name}: {what})" for name, (at, what) in kept.items())]
        put("\n".join(lines))
    context.exit(DONE)


@command.command(name="init")
@click.pass_context
def init(context: click.Context) -> None:
    """Ask for URL and key, test them, and write a config file with every other setting as a comment.

    Only you can read the file (mode 0600); an existing one is never replaced without asking. Exit codes are those of
    watchdesk doctor.
    """
    from tui.cli.config_init import init as ask  # noqa: PLC0415 - needs what talks to a project

    try:
        code = ask(context.obj["project"])
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    context.exit(code)


def _there(file: Path) -> str:
    try:
        if file.is_dir():
            return "a directory, not read"
        return "there" if file.exists() else "not there"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _as_data(one: Setting) -> dict[str, Any]:
    return {
        "section": one.section,
        "name": one.name,
        "value": one.value,
        "unit": one.unit,
        "default": one.default,
        "bounds": {"least": one.least, "most": one.most, "text": one.bounds},
        "source": one.origin.layer if one.origin else "default",
        "from": one.origin.name if one.origin else "",
        "variables": one.variables,
        "secret": one.secret,
        "what": one.what,
    }
