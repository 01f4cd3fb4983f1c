"""The terminal: run the app on it, read keys, write without blocking, and leave it in order."""

from tui.terminal.running import is_interactive, run_app

__all__ = ["is_interactive", "run_app"]
