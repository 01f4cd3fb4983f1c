"""What tests of the screen start, everywhere."""

from tests.screen.states import start

__all__ = ["start"]
