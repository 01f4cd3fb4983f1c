"""The list of all projects on the terminal, and from there the monitor of one, in a process of its own."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from tui.app.projects import ProjectsApp, ProjectsMemory
from tui.base.settings import Setup
from tui.cli.project_names import project_names
from tui.cli.project_process import PROGRAM
from tui.cli.screen_options import ScreenOptions, screen_words
from tui.service.supervisor import Supervisor
from tui.terminal.running import TerminalSession

_MONITOR: Final = (sys.executable, "-P", "-m", "tui")


async def show_projects(
    terminal: TerminalSession, setup: Setup, given: ScreenOptions, *, observe: bool, came_from: str = ""
) -> int:
    """Show the list until it is quit, with a process for each project behind it; return the exit code.

    `came_from`: the project whose monitor it is opened from, if it is.
    """
    supervisor = Supervisor(project_names, PROGRAM, about={"observe": observe})
    watching = asyncio.create_task(supervisor.run(), name="watchdesk-supervisor")
    memory = ProjectsMemory(cursor=came_from, came_from=came_from)
    try:
        while True:
            app = ProjectsApp(lambda: supervisor.views, setup, memory)
            await terminal.show(app)
            if not app.chosen or terminal.ending.asked:
                return app.return_code or 0
            code = await terminal.run_program(monitor_program(app.chosen, given, observe=observe))
            memory.said = f"the monitor of {app.chosen} ended with exit code {code}" if code else ""
    finally:
        watching.cancel()
        await supervisor.close()


def monitor_program(project: str, given: ScreenOptions, *, observe: bool) -> Sequence[str]:
    """Return the command line of the monitor of one project. It holds no secret: others can read it."""
    return (
        *_MONITOR,
        *(["--observe"] if observe else []),
        f"--project={project}",
        "--from-list",
        *screen_words(given),
    )
