"""The projects of the config file, for the commands that are about all of them."""

import click

from core.base.settings import Layers, SettingsError
from tui.cli.layers import checked_layers

all_option = click.option("--all", "all_projects", is_flag=True, help="All projects of the config file.")


def project_names() -> list[str]:
    """Return the names of all projects, in the order of the config file, read now.

    Raises SettingsError, also where there is none.
    """
    layers = checked_layers(quiet=True)
    if names := list(layers.table("projects")):
        return names
    raise SettingsError(f"--all is about the projects of {layers.path}, which has none: add [projects.NAME] tables")


def no_projects(layers: Layers) -> str:
    """Return why the list of all projects cannot be opened; empty if it can. Raises SettingsError."""
    return "" if layers.table("projects") else f"{layers.path} has no [projects.NAME] table: there is no list of them"
