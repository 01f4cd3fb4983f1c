"""The incident report: the events in a window of the black box and the project's log, in order and once each."""

from core.history.report.compose import RecordedWindow, compose
from core.history.report.html_page import html_page
from core.history.report.markdown import markdown
from core.history.report.reading import kept
from core.history.report.record import Origin, Report, TimelineEntry, TurningPoint, When
from core.history.report.redact import without_secrets
from core.history.report.stretch import stretch
from core.history.report.svg import svg

__all__ = [
    "Origin",
    "RecordedWindow",
    "Report",
    "TimelineEntry",
    "TurningPoint",
    "When",
    "compose",
    "html_page",
    "kept",
    "markdown",
    "stretch",
    "svg",
    "without_secrets",
]
