"""One reading, one number: where a report states a number of its last moment, the screen and `status` say the same."""

from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.alert_view import AlertView, alerts_in_words
from core.domain.snapshot import Snapshot
from core.history.blackbox import WatchedSpan
from core.history.report import RecordedWindow, Report, compose, html_page, markdown
from tests.tui.test_one_number import STATUSES, lines, snapshots
from tests.tui.well import changed
from tui.cli.status_page import as_json, page
from tui.panels.needs import NeedsPanel
from tui.panels.tasks import TasksPanel
from tui.panels.topline import TopLine
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

HOUR: Final = timedelta(hours=1)


@st.composite
def moments(draw: st.DrawFn) -> Snapshot:
    given = {"rule": "x", "subject": "", "title": "slow", "episode": "e"}
    alerts = tuple(
        AlertView(key=f"x{n}", severity=severity, state=state, fired_at=None, well=well, **given)
        for n, (severity, state, well) in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(("critical", "high", "medium")),
                        st.sampled_from(("pending", "firing", "acknowledged", "silenced", "hidden", "resolved")),
                        st.booleans(),
                    ),
                    max_size=6,
                )
            )
        )
    )
    return changed(draw(snapshots()), alerts=alerts)


def report_of(snapshot: Snapshot) -> Report:
    since, until = snapshot.at - HOUR, snapshot.at + HOUR
    kept = RecordedWindow([snapshot], (WatchedSpan(snapshot.at, until),))
    return compose(kept, since=since, until=until, made_at=until, host="watch-1")


def at_the_end(text: str) -> str:
    return next(line for line in text.splitlines() if "At the end:" in line)


@settings(deadline=None)
@given(moments())
def test_a_number_of_the_last_moment_is_that_of_the_screen_and_of_status(snapshot: Snapshot) -> None:
    report = report_of(snapshot)
    said, panel, status, data = (
        at_the_end(markdown(report)),
        lines(TasksPanel, snapshot),
        page(snapshot),
        as_json(snapshot),
    )
    counts, rate = snapshot.tasks.counts.value, snapshot.tasks.success_24h.value
    assert counts is not None
    assert rate is not None
    for name in STATUSES:
        many = f"{counts.of(name):,} {name.replace('_', ' ')}"
        assert (many in said) == bool(counts.of(name))
        assert many in panel
        assert not counts.of(name) or many in status
    assert (f"success 24 h {rate.shown}" in said) == bool(rate.shown)
    assert not rate.shown or (f"success 24 h {rate.shown}" in panel and f"success 24 h: {rate.shown}" in status)
    word = snapshot.state.upper()
    assert f"**At the end:** {word}" in said
    assert word in lines(TopLine, snapshot)
    assert data["state"] == snapshot.state
    alerts = alerts_in_words(snapshot.alerts)
    assert (f"alerts: {alerts}" in said) if alerts else ("no alert firing" in said)
    assert not alerts or f" {alerts}" in plain(NeedsPanel(Signs(), palette("dark")).title(snapshot))
    assert status.count("  ALERT ") == sum(one.fires for one in snapshot.alerts)
    assert [(one.word, one.until) for one in report.states] == [(snapshot.state, report.until)]
    assert len(report.alerts) == sum(one.fires or one.state == "resolved" for one in snapshot.alerts)
    assert snapshot.state.upper() in html_page(report)
