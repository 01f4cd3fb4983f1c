"""The house stands: no package imports from a floor above its own, and no module in a circle."""

import ast
import functools
from collections import defaultdict
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
FLOORS: Final = (
    ("core.base",),
    ("core.resilience",),
    ("core.domain",),
    ("core.backend",),
    ("core.checks", "core.alerting"),
    ("core.actions", "core.history"),
    ("core.services",),
    ("core.monitor",),
    ("core.sandbox",),
    ("tui.rendering",),
    ("tui.base", "tui.terminal"),
    ("tui.panels", "tui.time_travel", "tui.serve", "tui.service"),
    ("tui.dialogs", "tui.wall"),
    ("tui.actions",),
    ("tui.lists",),
    ("tui.screens",),
    ("tui.app",),
    ("tui.cli",),
    ("tui.__main__",),
)
"""From the ground up. A package imports from itself and from floors below it; not from its neighbours."""


@functools.cache
def imports() -> Mapping[str, frozenset[str]]:
    """Return by module what it imports of ours, imports within functions included."""
    paths = [path for top in ("core", "tui") for path in (ROOT / top).rglob("*.py")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    found: dict[str, set[str]] = defaultdict(set)
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
                names = [*whole, node.module] if len(whole) < len(node.names) else list(whole)
            found[module] |= modules.keys() & set(names)
    return {module: frozenset(others) for module, others in found.items()}


def floor(module: str) -> tuple[int, str]:
    """Return the number of a module's floor and its package there."""
    for number, packages in enumerate(FLOORS):
        for package in packages:
            if module == package or module.startswith(f"{package}."):
                return number, package
    raise AssertionError(f"{module} stands on no floor: name its package in FLOORS")


def running_up(found: Mapping[str, Set[str]]) -> list[str]:
    """Return the imports from a floor above, or from a neighbour on the same one."""
    wrong = []
    for module, others in found.items():
        for other in others:
            (here, package), (there, theirs) = floor(module), floor(other)
            if there > here or (there == here and theirs != package):
                wrong.append(f"{module} imports {other}")
    return sorted(wrong)


def going_round(found: Mapping[str, Set[str]]) -> list[str]:
    """Return the modules that import each other in a circle, and those that stand on one."""
    rest = {module: others - {module} for module, others in found.items()}
    while free := [module for module, others in rest.items() if not others & rest.keys()]:
        for module in free:
            del rest[module]
    return sorted(rest)


def test_no_import_runs_up_or_to_a_neighbour() -> None:
    assert running_up(imports()) == []


def test_no_imports_go_round() -> None:
    assert going_round(imports()) == []


def test_a_planted_arrow_is_seen() -> None:
    assert len(imports()) > 300  # it is the whole house that was read
    found = {**imports(), "core.base.text": imports()["core.base.text"] | {"core.monitor.monitor"}}
    assert running_up(found) == ["core.base.text imports core.monitor.monitor"]
    assert {"core.base.text", "core.monitor.monitor"} <= set(going_round(found))
    neighbours = {"core.checks.database": {"core.actions.lease"}}
    assert running_up(neighbours) == ["core.checks.database imports core.actions.lease"]
