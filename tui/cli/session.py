"""Shared by the one-shot commands: configuration, a monitor without loops, output, exit codes."""

import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from core.backend.target import Target
from core.base.directories import state_directory
from core.base.log_file import log_to
from core.base.settings import SettingsError
from core.base.text import LINE_CHARS, clean
from core.resilience import NotLive
from core.resilience.fault import Fault
from tui.cli.event_loop import run_command
from tui.cli.exit_codes import of_fault
from tui.cli.exits import INTERRUPTED, WRONG
from tui.cli.layers import checked_layers

if TYPE_CHECKING:  # a third of a second, which neither help nor a wrong option waits for
    from core.monitor import Config, Monitor


def configure(context: click.Context) -> "Config":
    """Return the configuration for this call. Raises ClickException, one sentence, if it cannot be used."""
    from core.monitor import read_config  # noqa: PLC0415 - as said

    try:
        return read_config(checked_layers(), project=context.obj["project"], observe=context.obj["observe"])
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


def once(config: "Config", act: "Callable[[Monitor], Awaitable[int]]", *, as_data: bool = False) -> int:
    """Run one command on a monitor without loops. Returns its exit code; a fault is told in one sentence.

    `as_data`: programs are told that nothing is known, and why.
    """
    start_logging(config.target, config.alerts.secrets())
    try:
        return run_command(_once(config, act, as_data=as_data))
    except KeyboardInterrupt:
        return INTERRUPTED


async def _once(config: "Config", act: "Callable[[Monitor], Awaitable[int]]", *, as_data: bool) -> int:
    from core.monitor import Monitor  # noqa: PLC0415 - as said

    monitor = Monitor(config)
    try:
        schema = await monitor.discover()
        if schema.missing:
            return fail(schema.missing[0], as_data=as_data)
        return await act(monitor)
    except NotLive as not_live:
        return fail(not_live.fault, as_data=as_data)
    finally:
        await monitor.close()


def fail(fault: Fault, *, as_data: bool = False) -> int:
    """Print a fault and its remedy on stderr, `as_data` for programs too. Returns its exit code."""
    tell(f"watchdesk: {fault.sentence()}")
    if as_data:
        put_json({"version": 1, "known": False, "why": fault.sentence()})
    return of_fault(fault)


def tell(text: str) -> None:
    """Print a text on stderr; one that cannot be written is dropped, and the exit code remains."""
    with contextlib.suppress(OSError):
        click.echo(said(text), err=True)


def said(text: str) -> str:
    """Return a text for a terminal, each line cleaned, since it may quote a server."""
    return "\n".join(clean(line, 4 * LINE_CHARS) for line in text.splitlines())


def put(text: str) -> None:
    """Print a result for people on stdout."""
    click.echo(said(text))


def put_json(record: Any) -> None:
    """Print a result for programs on stdout, as JSON."""
    click.echo(msgspec.json.encode(record).decode())


def confirmed(question: str, *, yes: bool, word: str | None = None) -> bool:
    """Ask on the terminal, for a yes or for `word`; `--yes` stands for either. Exits with 2 where nobody can answer."""
    if yes:
        return True
    if not is_answering():
        tell("watchdesk: nobody is there to confirm; add --yes to do it all the same")
        raise click.exceptions.Exit(WRONG)
    click.echo(said(question), err=True)
    if word is None:
        return click.confirm("Go on?", default=False, err=True)
    return bool(click.prompt(f"Type {word} to go on", default="", show_default=False, err=True) == word)


def is_answering() -> bool:
    """Return whether somebody can be asked: questions go to stderr, answers come from stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def start_logging(target: Target | None = None, more: tuple[str, ...] = ()) -> None:
    """Log to a rotating file in the state directory, as JSON lines; never to the terminal.

    No local variables, no secrets: neither those of `target`, nor `more`, nor what looks like a key or a token.
    """
    own = target.secrets if target is not None else ()
    try:
        path = log_path()
    except SettingsError:  # reported by the parts that need a directory
        logging.getLogger().addHandler(logging.NullHandler())
        return
    log_to(path, tuple(secret for secret in (*own, *more) if secret))


def log_path() -> Path:
    """Return the path of the log file. Raises SettingsError."""
    return state_directory() / "watchdesk.log"
