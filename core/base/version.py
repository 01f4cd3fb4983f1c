"""The version, said once: of the package, of `--version`, of the log rows we write and of the requests we send."""

from typing import Final

__version__ = "0.1.0"

SCHEMAS: Final = ("deployed", "documented")
"""The shapes of the project's schema that this version works on; `doctor` tells which one a project has."""

AGENT: Final = f"watchdesk/{__version__}"
"""The name this product gives the project: `agent_version` of a log row, `User-Agent` of a request."""
