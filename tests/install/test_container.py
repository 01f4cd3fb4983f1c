"""What the Dockerfile says, done without an engine: its user, on a root that is only read, asked how it is.

The image itself is not built: what it starts from is not on every machine. The rest is what it says, word by word.
"""

import json
import re
from pathlib import Path

from tests.install.booted import Booted
from tests.running import ONE_SHAPE, Running
from tests.until import awaited

TEXT = (Path(__file__).parent / "Dockerfile").read_text()


def said(word: str) -> list[str]:
    """The arguments of each such instruction, in order."""
    return re.findall(rf"^{word} (.*)$", TEXT, re.MULTILINE)


@ONE_SHAPE
def test_what_the_dockerfile_says_runs_without_rights_on_a_root_that_is_only_read(
    booted: Booted | None, sandbox: Running
) -> None:
    (user,), (volume,) = said("USER"), said("VOLUME")
    assert int(user) > 0
    words = [*json.loads(said("ENTRYPOINT")[-1]), *json.loads(said("CMD")[-1])]
    health = json.loads(said("HEALTHCHECK")[0].partition("CMD ")[2])
    if booted is None:  # what could not be shown is said where it is booted
        return
    (prepare,) = (line for line in said("RUN") if line.startswith("useradd"))
    booted("sh", "-c", prepare)
    rights = {
        "User": user,
        "WorkingDirectory": said("WORKDIR")[0],
        "ReadOnlyPaths": "/",
        "ReadWritePaths": volume,
        "InaccessiblePaths": "/tmp",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
    }
    env = [*said("ENV"), "LD_LIBRARY_PATH=/opt/python/lib"]
    env += [f"SUPABASE_URL={sandbox.url}", f"SUPABASE_KEY={sandbox.service_key}"]
    given = [*(f"--property={name}={value}" for name, value in rights.items()), *(f"--setenv={one}" for one in env)]
    booted("systemd-run", "--unit=container", *given, "--", "/opt/watchdesk/bin/" + words[0], *words[1:])

    def lines() -> list[dict[str, str]]:
        text = booted("journalctl", "--unit=container", "--output=cat", "--no-pager")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    awaited(lambda: any(line.get("link") == "LIVE" for line in lines()) or None, "LIVE")
    assert [line for line in lines() if line.get("level") in {"warning", "critical"}] == []
    booted("runuser", "-u", "watchdesk", "--", "env", *env, *health)
    assert booted("find", volume, "-name", "*.log", "-user", user).strip() == f"{volume}/watchdesk.log"
    main = ("systemctl", "show", "container", "--value", "-p")
    booted("systemctl", "kill", "--kill-whom=main", "container")
    awaited(lambda: booted(*main, "ActiveState").strip() == "inactive" or None, "its end")
    assert booted(*main, "Result").strip() == "success"
    booted("runuser", "-u", "watchdesk", "--", "env", *env, *health, code=1)
