"""`--version`: of the program, and of what a report of a fault is asked for first."""

import platform
from typing import Final

import click

from core.base.version import SCHEMAS, __version__
from tui.cli.group import PROGRAM

_PARTS: Final = {"Textual": "textual", "supabase-py": "supabase"}
"""Packages whose versions matter to whoever mends a fault, by the name they are known by."""


def show_versions(context: click.Context, _option: click.Parameter, given: bool) -> None:
    """Print the versions, and end, where they are asked for. Needs neither a project nor any of the packages loaded."""
    if not given or context.resilient_parsing:
        return
    parts = [f"Python {platform.python_version()}", *(f"{name} {_version(of)}" for name, of in _PARTS.items())]
    click.echo(f"{PROGRAM} {__version__} ({', '.join(parts)}; schemas {' and '.join(SCHEMAS)})")
    context.exit()


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only here

    try:
        return version(package)
    except PackageNotFoundError:
        return "—"
