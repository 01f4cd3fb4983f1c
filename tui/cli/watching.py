"""What every monitor without a screen is started from: its settings, read at the start and again when asked to."""

from msgspec.structs import replace

from core.monitor import Config, read_config
from tui.cli.layers import checked_layers
from tui.cli.session import start_logging


def config_now(*, project: str | None, observe: bool, quiet: bool = False) -> Config:
    """Return the configuration as it is now, and log without its secrets from now on. Raises SettingsError."""
    config = read_config(checked_layers(quiet=quiet), project=project, observe=observe)
    start_logging(config.target, config.alerts.secrets())
    return replace(config, unattended=True)
