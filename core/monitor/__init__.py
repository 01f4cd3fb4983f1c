"""The façade: what the screen and the command line see of everything below."""

from core.monitor.config import Config, read_config
from core.monitor.monitor import Monitor, cache_directory

__all__ = ["Config", "Monitor", "cache_directory", "read_config"]
