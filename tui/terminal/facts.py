"""What can be told of the terminal without a screen, and whether one can be drawn on it."""

import os
import shutil
import sys

import msgspec

from core.base.errors import SettingsError
from core.services.doctor.steps import Diagnosis, failed, ok, warned
from tui.terminal.running import DUMB
from tui.terminal.variables import check_toolkit


class TerminalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The terminal as the environment and the streams tell of it. `trouble`: why Textual cannot start."""

    there: bool
    term: str
    colours: str = ""
    """The value of COLORTERM, or NO_COLOR."""
    width: int = 0
    height: int = 0
    encoding: str = "utf-8"
    trouble: str = ""


def facts_here() -> TerminalFacts:
    """Return the terminal of this process."""
    width, height = shutil.get_terminal_size((0, 0))
    trouble = ""
    try:
        check_toolkit()
    except SettingsError as error:
        trouble = str(error)
    return TerminalFacts(
        there=sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty(),
        term=os.environ.get("TERM", ""),
        colours="NO_COLOR" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM", ""),
        width=width,
        height=height,
        encoding=(sys.stdout.encoding or "").lower(),
        trouble=trouble,
    )


def judged(facts: TerminalFacts) -> Diagnosis:
    """Judge whether the screen can be drawn."""
    if facts.trouble:
        return failed(facts.trouble)
    if facts.term.lower() in DUMB:
        return warned(f"TERM is {facts.term or 'not set'}: the screen cannot be drawn", "set TERM=xterm-256color")
    plain = facts.encoding.replace("-", "") != "utf8"
    if not facts.there:
        return ok("not a terminal: commands work, the screen needs one")
    colours = facts.colours or ("256" if "256" in facts.term else "few")
    words = f"{facts.term}, {facts.width}×{facts.height}, colours: {colours}"
    if plain:
        return warned(f"{words}, {facts.encoding}: drawn in plain ASCII", "set LANG to a UTF-8 locale, like C.UTF-8")
    return ok(f"{words}, UTF-8")
