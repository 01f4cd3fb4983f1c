"""Measure the house: packages and arrows, names used twice, how docstrings begin, frames between a heal and the client.

`python -m tests.bench.structure`: figures of the code as it stands, to be held against those of another commit.
"""

import ast
import asyncio
import inspect
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from core.actions.heal import HEAL
from tests.actions.driving import Driven
from tests.running import ROOT, Running
from tests.test_architecture import floor, going_round, imports, running_up

_RIDDLES: Final = re.compile(r"(what|whether|how|who|which|it|where|when|why)\b", re.IGNORECASE)
_CLIENT: Final = "core/backend/client.py"


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Give each file of the product with its syntax tree."""
    for top in ("core", "tui"):
        for path in sorted((ROOT / top).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def names_used_twice() -> list[str]:
    """Return the class names that stand for more than one thing."""
    counted = Counter(node.name for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return sorted(name for name, times in counted.items() if times > 1)


def docstrings() -> tuple[int, int]:
    """Return how many public docstrings there are, and how many of them begin with a riddle."""
    found = [
        text
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and (text := ast.get_docstring(node))
    ]
    return len(found), sum(bool(_RIDDLES.match(text)) for text in found)


async def frames_of_a_heal() -> int:
    """Return how many functions of the product a heal's write passes from the façade to the client, on a sandbox."""
    sandbox, depths = Running("deployed"), []
    sent = httpx.AsyncClient.send

    async def send(self: httpx.AsyncClient, request: httpx.Request, **given: Any) -> httpx.Response:
        if request.method == "PATCH":
            files = [Path(frame.filename) for frame in inspect.stack()]
            ours = [file.relative_to(ROOT).as_posix() for file in files if file.is_relative_to(ROOT / "core")]
            depths.append(sum(name != _CLIENT for name in ours))
        return await sent(self, request, **given)

    try:
        sandbox.reset()
        sandbox.stuck(1)
        with tempfile.TemporaryDirectory() as home:
            driven = await Driven(sandbox.url, sandbox.service_key, Path(home), autonomous=False).begin()
            plan = await driven.monitor.plan(HEAL)
            httpx.AsyncClient.send = send  # type: ignore[method-assign]  # looks where it stands, and sends
            await driven.monitor.run(HEAL, plan)
            await driven.monitor.close()
    finally:
        httpx.AsyncClient.send = sent  # type: ignore[method-assign]  # as it was
        sandbox.close()
    return max(depths)


def main() -> None:
    """Print a line a figure."""
    paths = [path for path, _ in trees()]
    lines = [len(path.read_text().splitlines()) for path in paths]
    found = imports()
    packages = {floor(module)[1] for module in found if module not in {"core", "tui"}}
    arrows = {
        (floor(module)[1], floor(other)[1])
        for module, others in found.items()
        for other in others
        if floor(module)[1] != floor(other)[1]
    }
    docs, riddles = docstrings()
    print(f"files {len(paths)}, lines {sum(lines):,}, files over 400 lines {sum(count > 400 for count in lines)}")
    print(f"packages {len(packages)}, arrows between them {len(arrows)}, running up {len(running_up(found))}, ", end="")
    print(f"modules in a circle {len(going_round(found))}")
    print(f"class names used twice {len(names_used_twice())} {names_used_twice()}")
    print(f"public docstrings {docs:,}, beginning with what, whether, how … {riddles} ({100 * riddles / docs:.1f} %)")
    print(f"frames of a heal between façade and client {asyncio.run(frames_of_a_heal())}")


if __name__ == "__main__":
    main()
