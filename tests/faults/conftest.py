"""The files of these tests' monitors lie in memory."""

from tests.in_memory import in_memory

__all__ = ["in_memory"]
