"""`--version`: of the program, and of what a report of a fault is asked for first."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import click

from core.base.version import __version__
from tui.cli.group import PROGRAM

_PARTS: Final = {"Textual": "textual", "supabase-py": "supabase"}
"""Packages whose versions matter to whoever mends a fault, by the name they are known by."""


def show_versions(context: click.Context, _option: click.Parameter, given: bool) -> None:
    """Print the versions, and end, where they are asked for. Needs neither a project nor any of the packages loaded."""
    if not given or context.resilient_parsing:
        return
    parts = [f"Python {platform.python_version()}", *(f"{name} {_version(of)}" for name, of in _PARTS.items())]
    click.echo(f"{PROGRAM} {__version__} ({', '.join(parts)})")
    context.exit()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "—"
