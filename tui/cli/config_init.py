"""Write the first config file: ask for URL and key, try them, and write them down. Overwrites nothing unasked."""

from pathlib import Path

import click

from core.backend.target import KEY_NAMES, URL_NAMES, KeyKind, Target, read_target
from core.base.safe_files import replace_own
from core.base.settings import Layers, SettingsError, config_path
from core.monitor import Config, Places
from core.monitor.doctor import examine
from tui.cli import exits
from tui.cli.commands.doctor import exit_code, line
from tui.cli.config_template import config_text, name_of
from tui.cli.event_loop import run_command
from tui.cli.layers import checked_layers
from tui.cli.session import is_answering, put, said, start_logging, tell


def init(project: str | None) -> int:
    """Ask, try, write; return the exit code. Raises SettingsError, and click.Abort where nothing is answered."""
    if not is_answering():
        tell(
            "watchdesk: config init asks questions, and needs a terminal; write the file by hand, or set SUPABASE_URL"
            " and SUPABASE_KEY"
        )
        return exits.WRONG
    path = config_path()
    if path.exists() and not click.confirm(said(f"{path} exists. Replace it and everything in it?"), err=True):
        tell("nothing was changed")
        return exits.PARTLY
    target = _asked(project)
    start_logging(target)
    found = run_command(examine(Config(target=target, observe=True), Places.of_platform(), whole=False))
    tell("\n".join(line(name, one) for name, one in found.items()))
    code = exit_code(found)
    if code in {exits.WRONG, exits.UNREACHABLE} and not click.confirm("Write it anyway?", err=True):
        tell("nothing was changed")
        return code
    return code if _written(path, project, target) else exits.WRONG


def _asked(project: str | None) -> Target:
    """Return what was asked for, once it can be right: URL first, then the key, which is not shown."""
    while True:
        url = click.prompt("URL of the project (https://PROJECT.supabase.co)", err=True)
        key = click.prompt("Key (secret or publishable; it is not shown)", hide_input=True, err=True)
        entry = {"url": url.strip(), "key": key.strip()}
        name = project or name_of(entry["url"])
        try:
            return read_target(Layers(file={"projects": {name: entry}}), name)
        except SettingsError as error:
            tell(f"watchdesk: {error}")


def _written(path: Path, project: str | None, target: Target) -> bool:
    name = project or name_of(target.url)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_own(path, config_text(name, target).encode())
    except OSError as error:
        tell(
            f"watchdesk: {path} cannot be written: {error.strerror}; free some space, or make it writable for your user"
        )
        return False
    put(f"wrote {path} with the project {name}, readable only by you")
    if target.kind is KeyKind.PUBLISHABLE:
        put("a publishable key reads only what is public; to see more, sign in: watchdesk login")
    layers = checked_layers(quiet=True)
    if (origin := layers.origin(*URL_NAMES, *KEY_NAMES)) is not None:
        tell(f"watchdesk: {origin} overrides the file; unset it, or use --project {name}")
    return True
