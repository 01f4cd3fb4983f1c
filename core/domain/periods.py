"""Periods that several packages share."""

from datetime import timedelta
from typing import Final

HISTORY_KEPT: Final = timedelta(days=30)
"""Retention of what this machine saw: key figures, incidents and trends look back no further."""

LONGEST_WORK: Final = timedelta(days=30)
"""The longest estimate or duration of a task; longer ones are cut to it."""
