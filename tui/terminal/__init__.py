"""The terminal itself: whether there is one, how it is written to, how it is left, and that nothing outlives it."""

from tui.terminal.running import is_interactive, run_app

__all__ = ["is_interactive", "run_app"]
