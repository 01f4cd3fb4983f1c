"""What keeps it from serving is one sentence, and exit code 2."""

import socket
from pathlib import Path

from tests.running import ROOT, Command
from tests.tui.states import NOBODY


def test_a_port_that_is_taken(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = command("serve", "--port", str(port), **NOBODY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"watchdesk: port {port} is taken; name another one: --port, 0 for a free one\n"


def test_the_extra_is_missing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "without" / "textual_serve").mkdir(parents=True)
    missing = "raise ModuleNotFoundError(\"No module named 'textual_serve'\")\n"
    (tmp_path / "without" / "textual_serve" / "__init__.py").write_text(missing)
    ended = command("serve", PYTHONPATH=f"{tmp_path / 'without'}:{ROOT}", **NOBODY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "watchdesk: serve needs the extra 'web'; from the checkout: pipx install --force '.[web]'\n"


def test_no_project(command: Command) -> None:
    ended = command("serve", "--port", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "SUPABASE_URL" in ended.stderr
