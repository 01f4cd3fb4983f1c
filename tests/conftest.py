"""The real parts tests use, everywhere."""

from tests.running import command, lone_sandbox, sandbox, session_sandbox, warm

__all__ = ["command", "lone_sandbox", "sandbox", "session_sandbox", "warm"]
