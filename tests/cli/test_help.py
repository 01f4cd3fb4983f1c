"""`--help` and `--version` come at once: they import no command, none of what acts, and no client."""

import subprocess
import sys

from core.actions.catalogue import ACTIONS
from tests.running import ROOT
from tui.cli.commands import COMMANDS

HEAVY = {"asyncio", "httpx", "supabase", "textual", "core.monitor", "core.actions.catalogue", "core.domain.snapshot"}


def loaded(option: str) -> set[str]:
    """The modules that the program has imported when it ends."""
    script = (
        "import sys\nfrom tui.cli import cli\n"
        f"cli.main([{option!r}], standalone_mode=False)\nprint('modules', *sys.modules, sep='\\n')"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ended.stdout.partition("modules\n")[2].split())


def test_neither_imports_what_it_does_not_need() -> None:
    for option in ("--help", "--version"):
        found = loaded(option)
        assert "tui.cli" in found
        assert not HEAVY & found, option


def test_the_help_lists_the_command_of_every_action() -> None:
    named = {action.command.name for action in ACTIONS.values() if action.command is not None}
    assert named <= {*COMMANDS}, "a line is missing in tui/cli/commands/__init__.py"
    assert list(COMMANDS) == sorted(COMMANDS)
