"""The façade: what the screen and the command line see of everything below."""

from core.monitor.config import Config, Places, read_config
from core.monitor.monitor import Monitor

__all__ = ["Config", "Monitor", "Places", "read_config"]
