"""`watchdesk service`: the systemd units of `watchdesk watch`, and commands on what the system's service keeps."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import click

from core.base.directories import config_directory
from core.base.settings import CREDENTIAL, SettingsError
from tui.cli.exits import DONE, WRONG
from tui.cli.guide import SERVICE, SERVICE_RUN
from tui.cli.project_names import all_option
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
@all_option
@click.option("--yes", is_flag=True, help="Replace units that are there and differ.")
@click.pass_context
def install(  # noqa: PLR0913 - click passes every option by name
    context: click.Context, *, user: bool, only_print: bool, timer: bool, address: str, all_projects: bool, yes: bool
) -> None:
    """Write a hardened unit of watchdesk watch."""
    from tui.service.unit import EMPTY, Service, units  # noqa: PLC0415 - only here

    if address:
        from tui.service.endpoint import ListenAddress  # noqa: PLC0415 - only here

        try:
            ListenAddress.of(address, "a token may come with the service's settings")
        except SettingsError as error:
            raise click.ClickException(said(str(error))) from error
    project = context.obj["project"] or ""
    if all_projects and project:
        raise click.UsageError("--all is about all projects; leave out --project")
    if all_projects and not user:
        raise click.UsageError("--all needs --user: the keys in the config file are for you, and for no service's user")
    service = Service(
        command=" ".join(map(_quoted, _words(context))),
        project="all projects" if all_projects else project,
        all_projects=all_projects,
        metrics=address,
        user=user,
    )
    found = units(service, timer=timer)
    if not user and (hidden := _hidden()) is not None:
        tell(
            f"watchdesk: {hidden} is where no service of the system can read it; install watchdesk elsewhere, with"
            " a Python that lies elsewhere (as root: pipx install --global), or use --user"
        )
        if not only_print:
            context.exit(WRONG)
    if only_print:
        put("\n".join(f"# {name}\n{text}" for name, text in found.items()).rstrip())
        context.exit(DONE)
    context.exit(_write(_directory(user=user), found, EMPTY, yes=yes, user=user))


@command.command(name="run", epilog=SERVICE_RUN, context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="COMMAND…", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(context: click.Context, words: tuple[str, ...]) -> None:
    """Run a command on what the system's service keeps."""
    from tui.service.unit import as_the_service  # noqa: PLC0415 - only here

    terminal = all(os.isatty(stream) for stream in range(3))
    try:
        line = as_the_service([*_words(context), *words], terminal=terminal)
        os.execvp(line[0], line)  # noqa: S606 - no shell is meant
    except OSError as error:
        tell(f"watchdesk: systemd-run cannot be started ({error.strerror}); this needs systemd")
        context.exit(WRONG)


def _write(directory: Path, units: dict[str, str], empty: str, *, yes: bool, user: bool) -> int:
    differing = [name for name, text in units.items() if _text(directory / name) not in {None, text}]
    if differing and not yes:
        tell(f"watchdesk: {directory / differing[0]} is there and differs; see --print, or replace it with --yes")
        return WRONG
    settings = config_directory() if user else Path("/etc/watchdesk")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (directory / name).write_text(text, encoding="utf-8")
        settings.mkdir(parents=True, exist_ok=True)
        made = _made_private(settings / CREDENTIAL, empty)
    except OSError as error:
        place = error.filename or directory
        tell(f"watchdesk: {place} cannot be written ({error.strerror}); use sudo, --user, or --print")
        return WRONG
    manager = "systemctl --user" if user else "systemctl"
    lines = [f"written: {path}" for path in (*(directory / name for name in units), *made)]
    lines += [
        f"next: {_settings(settings, user=user)}",
        f"  {manager} daemon-reload",
        *(f"  {manager} enable --now {name}" for name in units if name != "watchdesk-status.service"),
        f"  {manager} status watchdesk; journalctl {'--user ' if user else ''}-u watchdesk -f",
    ]
    lines += ["  loginctl enable-linger   (it goes on when you log out)"] if user else []
    put("\n".join(lines))
    return DONE


def _made_private(path: Path, text: str) -> list[Path]:
    """Write a file that its owner alone may read, where there is none; returns what was written."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return []
    with open(file, "w", encoding="utf-8") as stream:
        stream.write(text)
    return [path]


def _settings(place: Path, *, user: bool) -> str:
    """Return where the service finds URL and key: it starts elsewhere, and reads no .env of the working directory."""
    file = place / CREDENTIAL
    if not user:
        return f"write URL and key into {file}; then:"
    if (place / "config.toml").exists():
        return f"it reads {place / 'config.toml'}, and {file}:"
    return f"watchdesk config init (which your own screen reads as well), or write URL and key into {file}; then:"


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


def _words(context: click.Context) -> list[str]:
    """Return the program that runs now with the global options it was given."""
    project = context.obj["project"]
    words = [str(_program()), *(["--project", project] if project else [])]
    return [*words, "--observe"] if context.obj["observe"] else words


def _hidden() -> Path | None:
    """Return what of the program and its Python lies where a hardened service of the system reads nothing."""
    parts = (_program(), _program().resolve(), Path(sys.prefix), Path(sys.base_prefix))
    return next((part for part in parts for place in _NOT_FOR_SERVICES if part.is_relative_to(place)), None)


def _program() -> Path:
    """Return the full path of the program that runs now."""
    named = Path(sys.argv[0])
    found = named if named.is_absolute() else Path(shutil.which(named.name) or named)
    return Path(os.path.abspath(found))


def _quoted(word: str) -> str:
    """Return a word as a command line of a unit takes it: `%` and `$` stand for themselves."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in word for sign in " \t\"'\\") else escaped
