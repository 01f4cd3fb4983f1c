"""The real parts these tests use."""

from tests.running import command, lone_sandbox, sandbox, session_sandbox

__all__ = ["command", "lone_sandbox", "sandbox", "session_sandbox"]
