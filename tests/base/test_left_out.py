"""What a monitor of weeks never uses is never loaded."""

import subprocess
import sys

LOOKED = """
import asyncio, sys
import core.backend
from core.backend.client import Backend
from core.backend.target import Target
from core.base.clock import SystemClock

async def main():
    backend = Backend(Target(name="n", url="http://127.0.0.1:1", key="k"), SystemClock())
    await backend.connect()
    await backend.close()

asyncio.run(main())
print(*(name for name in ("cryptography", "trio", "httpx._main", "pygments") if sys.modules.get(name)))
import cryptography  # whoever needs it gets it
"""


def test_the_client_leaves_out_what_it_never_uses_and_hides_it_from_nobody() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKED], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
