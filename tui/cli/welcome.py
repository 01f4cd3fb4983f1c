"""What `watchdesk` says on a terminal while no project is configured: what it is and what to do, one key each."""

import contextlib
import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Final

import click

from core.base.settings import config_path
from tui.cli.exits import WRONG
from tui.cli.screen_options import ScreenOptions
from tui.cli.session import put

_WELCOME: Final = """\
watchdesk watches a self-healing task system on Supabase, and lets you step in.
No project is configured yet.

  d  demo: a running example system on this machine, removed when you quit
  c  configure: what to set, and where
  q  quit
"""

_CONFIGURE: Final = """\
`watchdesk config init` asks for URL and key, tries them, and writes the config file.
Or set two values, in the environment or in .env.local of this directory:

  SUPABASE_URL=https://PROJECT.supabase.co
  SUPABASE_KEY=…      a secret key; from the project's dashboard, Settings, API keys

For several projects, add one table each to {path}:

  [projects.production]
  url = "https://PROJECT.supabase.co"
  key = "…"

Then `watchdesk status` tells whether it works, and `watchdesk config show` lists every other setting."""

_SEQUENCE: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[^\x1b]|[^\x1b\[O])")
"""What the terminal sends for a key that is no letter: its last byte is often one, and means none."""

_BEGUN: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_REST_S: Final = 0.25
"""How soon the rest of such a key follows; an escape behind which nothing comes is the key itself."""


def welcome(given: ScreenOptions) -> int:
    """Show what can be done without a project, and do what one key chooses. Returns the exit code."""
    match _chosen():
        case "d":
            from tui.cli.commands.demo import command  # noqa: PLC0415 - imports everything that serves one

            shown = {"theme": given.theme, "mouse": given.mouse, "ascii_signs": given.ascii, "wall": given.wall}
            click.get_current_context().invoke(command, **shown)
        case "c":
            put(_CONFIGURE.format(path=config_path()))
    return WRONG


def _chosen() -> str:
    """Return the first key that chooses something, of those typed since the text came; `q` where nobody types any more.

    The terminal is told once to give key by key, and to keep what was typed before: asked anew for each key, as click
    does, it would drop what came in between.
    """
    terminal = sys.stdin.fileno()
    with _key_by_key(terminal):
        put(_WELCOME)
        while True:
            typed = os.read(terminal, 64)
            while _BEGUN.search(typed) and select.select([terminal], [], [], _REST_S)[0]:
                more = os.read(terminal, 64)
                if not more:
                    break
                typed += more
            if not typed:
                return "q"
            for key in _SEQUENCE.sub(b"", typed).decode("ascii", "ignore").lower():
                if key in "dcq":
                    return key
                if key in "\x04\x1b":
                    return "q"


@contextlib.contextmanager
def _key_by_key(terminal: int) -> Iterator[None]:
    """Let the terminal give each key at once, and have it as it was at the end, by a signal as well."""

    def ended(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = termios.tcgetattr(terminal)
    handlers = {number: signal.signal(number, ended) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        yield
    finally:
        with contextlib.suppress(termios.error):  # it may be gone
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
