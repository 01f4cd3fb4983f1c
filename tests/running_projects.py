"""Several projects in the config file of a command: one that is well, one that is down, one with a wrong key."""

import json
from collections.abc import Mapping

from tests.running import Command, Running

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


def configure(command: Command, projects: Mapping[str, Mapping[str, str]]) -> None:
    """Write the config file of a command's home."""
    file = command.home / "config" / "watchdesk" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, entry in projects.items():
        lines += [f"[projects.{json.dumps(name)}]", *(f"{key} = {json.dumps(told)}" for key, told in entry.items())]
    file.write_text("\n".join(lines) + "\n")


def three(sandbox: Running) -> dict[str, dict[str, str]]:
    """The three projects. Their states are kept apart by their URLs, which name one place in two ways."""
    again = sandbox.url.replace("127.0.0.1", "localhost")
    return {
        "well": well(sandbox),
        "dead": {"url": NOBODY, "key": sandbox.service_key},
        "wrong": {"url": again, "key": "sb_secret_wrong"},
    }


def well(sandbox: Running) -> dict[str, str]:
    """The one project that the sandbox is."""
    return {"url": sandbox.url, "key": sandbox.service_key, "function_key": sandbox.function_key}
