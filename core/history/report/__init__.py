"""The incident as a record: what a window of the black box and the project's log tell, in one order and once each."""

from core.history.report.compose import Kept, compose
from core.history.report.markdown import markdown
from core.history.report.reading import kept
from core.history.report.record import Entry, Moment, Origin, Report, When
from core.history.report.redact import without_secrets

__all__ = ["Entry", "Kept", "Moment", "Origin", "Report", "When", "compose", "kept", "markdown", "without_secrets"]
