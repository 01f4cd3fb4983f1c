"""The façade: what the screen and the command line see of everything below."""

from core.monitor.monitor import Monitor
from core.services.config import Config, Places, read_config

__all__ = ["Config", "Monitor", "Places", "read_config"]
