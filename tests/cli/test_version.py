"""One version: of the package, of `--version`, of the log rows that are written and of the requests that are sent."""

import platform
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from core.backend.schema import Shape
from core.base.version import AGENT, SCHEMAS, __version__
from tests.running import ONE_SHAPE, ROOT, Command, Running


def test_the_package_and_the_command_have_it(command: Command) -> None:
    assert ProjectMetadata(str(ROOT), PluginManager()).version == __version__
    parts = f"Python {platform.python_version()}, Textual {version('textual')}, supabase-py {version('supabase')}"
    assert command("--version").stdout == f"watchdesk {__version__} ({parts}; schemas deployed and documented)\n"
    assert {*SCHEMAS} == {shape.value for shape in Shape}


@ONE_SHAPE
def test_the_log_rows_we_write_have_it(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    assert command("heal", "--yes", sandbox=sandbox).returncode == 0
    assert sandbox.sql("SELECT DISTINCT agent_version FROM autonomous_execution_logs") == [(AGENT,)]


def test_the_requests_we_send_have_it(command: Command) -> None:
    agents: set[str | None] = set()

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            agents.add(self.headers["User-Agent"])
            self.send_response(503)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command("status", SUPABASE_URL=f"http://127.0.0.1:{server.server_port}", SUPABASE_KEY="sb_secret_x")
        server.shutdown()
    assert agents == {AGENT}
