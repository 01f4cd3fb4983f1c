"""`watchdesk service install`: the systemd units of `watchdesk watch`."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import click

from core.base.directories import config_directory
from core.base.settings import SettingsError
from tui.cli.exits import DONE, WRONG
from tui.cli.guide import SERVICE
from tui.cli.session import put, said, tell

_SYSTEM_UNITS: Final = Path("/etc/systemd/system")
_NOT_FOR_SERVICES: Final = (Path("/root"), Path("/home"), Path("/run/user"))
"""Where a hardened service of the system reads nothing."""


@click.group(name="service")
def command() -> None:
    """Run the monitor as a systemd service."""


@command.command(name="install", epilog=SERVICE)
@click.option("--user", is_flag=True, help="For this user's own service manager, not the system's.")
@click.option("--print", "only_print", is_flag=True, help="Print the units and write nothing.")
@click.option("--timer", is_flag=True, help="With a timer that runs watchdesk status every five minutes as well.")
@click.option("--metrics", "address", metavar="ADDR", default="", help="Let the service serve /metrics there.")
@click.option("--yes", is_flag=True, help="Replace units that are there and differ.")
@click.pass_context
def install(context: click.Context, *, user: bool, only_print: bool, timer: bool, address: str, yes: bool) -> None:
    """Write a hardened unit for watchdesk watch, and say how to start it."""
    from tui.service.unit import Service, units  # noqa: PLC0415 - only here

    if address:
        from tui.service.endpoint import ListenAddress  # noqa: PLC0415 - only here

        try:
            ListenAddress.of(address, "a token may come with the service's settings")
        except SettingsError as error:
            raise click.ClickException(said(str(error))) from error
    program, project = _program(), context.obj["project"] or ""
    words = [str(program), *(["--project", project] if project else [])]
    if context.obj["observe"]:
        words.append("--observe")
    service = Service(command=" ".join(map(_quoted, words)), project=project, metrics=address, user=user)
    found = units(service, timer=timer)
    if not user and any(program.is_relative_to(place) for place in _NOT_FOR_SERVICES):
        tell(
            f"watchdesk: {program} is where no service of the system can read it; install it elsewhere"
            " (pipx install --global watchdesk), or use --user"
        )
        if not only_print:
            context.exit(WRONG)
    if only_print:
        put("\n".join(f"# {name}\n{text}" for name, text in found.items()).rstrip())
        context.exit(DONE)
    context.exit(_write(_directory(user=user), found, yes=yes, user=user))


def _write(directory: Path, units: dict[str, str], *, yes: bool, user: bool) -> int:
    differing = [name for name, text in units.items() if _text(directory / name) not in {None, text}]
    if differing and not yes:
        tell(f"watchdesk: {directory / differing[0]} is there and differs; see --print, or replace it with --yes")
        return WRONG
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        tell(f"watchdesk: {directory} cannot be written ({error.strerror}); use sudo, --user, or --print")
        return WRONG
    manager = "systemctl --user" if user else "systemctl"
    settings = config_directory() if user else Path("/etc/watchdesk")
    lines = [f"written: {directory / name}" for name in units]
    lines += [
        f"next: put SUPABASE_URL=… and SUPABASE_KEY=… into {settings / 'watchdesk.env'}, mode 0600, then:",
        f"  {manager} daemon-reload",
        *(f"  {manager} enable --now {name}" for name in units if name != "watchdesk-status.service"),
        f"  {manager} status watchdesk; journalctl {'--user ' if user else ''}-u watchdesk -f",
    ]
    lines += ["  loginctl enable-linger   (it goes on when you log out)"] if user else []
    put("\n".join(lines))
    return DONE


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return ""


def _directory(*, user: bool) -> Path:
    if not user:
        return _SYSTEM_UNITS
    try:
        return config_directory().parent / "systemd" / "user"
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


def _program() -> Path:
    """Return the full path of the program that runs now."""
    named = Path(sys.argv[0])
    found = named if named.is_absolute() else Path(shutil.which(named.name) or named)
    return Path(os.path.abspath(found))


def _quoted(word: str) -> str:
    """Return a word as a command line of a unit takes it: `%` and `$` stand for themselves."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in word for sign in " \t\"'\\") else escaped
