"""Lengths of time that more than one room goes by."""

from datetime import timedelta
from typing import Final

HISTORY_KEPT: Final = timedelta(days=30)
"""For so long it is kept what this machine saw: key figures, incidents and trends look back no further."""

LONGEST_WORK: Final = timedelta(days=30)
"""No estimate and no duration counts as longer than this."""
