"""Since when the state holds: seen, or at least known; calm states count as one."""

from datetime import timedelta

import msgspec

from core.domain.alert_view import AlertView
from core.domain.checks import Check
from core.domain.snapshot import Degradation, Health, Link, LinkWord, Project, Snapshot, State
from core.domain.status import Level
from core.resilience import DegradationLevel
from core.services.state_since import StateSince
from tests.clock import FakeClock
from tui.panels.topline import TopLine
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette
from tui.wall import view_model


class Watched:
    """A clock, and what a monitor says of the state under it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.since = StateSince(self.clock)

    def see(
        self,
        state: State,
        word: LinkWord = LinkWord.LIVE,
        alerts: tuple[AlertView, ...] = (),
        checks: tuple[Check, ...] = (),
    ) -> Snapshot:
        return self.since.told(
            Snapshot(
                at=self.clock.now(),
                project=Project(name="p", url="u", user="x"),
                state=state,
                link=Link(word=word),
                alerts=alerts,
                health=Health(checks=checks),
                degradation=Degradation(level=DegradationLevel.NORMAL),
            )
        )


def alert(rule: str, severity: str, watched: Watched, minutes: int) -> AlertView:
    began = watched.clock.now() - timedelta(minutes=minutes)
    return AlertView(key=rule, rule=rule, subject=rule, severity=severity, state="firing", title=rule, began_at=began)


def test_a_change_that_was_seen_says_so_and_a_beginning_does_not() -> None:
    watched = Watched()
    first = watched.see(State.WARNING)
    assert (first.state_since, first.state_change_seen) == (watched.clock.now(), False)
    watched.clock.advance(30)
    assert watched.see(State.WARNING).state_since == first.state_since
    stopped = watched.see(State.STOPPED)
    assert (stopped.state_since, stopped.state_change_seen) == (watched.clock.now(), True)


def test_calm_states_are_one() -> None:
    watched = Watched()
    watched.see(State.WARNING)
    watched.clock.advance(5)
    calm = watched.see(State.ACTIVE)
    for state in (State.HEALTHY, State.IDLE, State.REVIEW, State.WAITING, State.ACTIVE):
        watched.clock.advance(5)
        seen = watched.see(state)
        assert (seen.state_since, seen.state_change_seen) == (calm.state_since, True)


def test_what_changed_while_nobody_could_look_was_not_seen() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    for _ in range(5):
        watched.clock.advance(60)
        watched.see(State.ACTIVE, LinkWord.BLIND)
    after = watched.see(State.WARNING)
    assert (after.state_since, after.state_change_seen) == (watched.clock.now(), False)
    watched.clock.advance(600)
    assert watched.see(State.UNKNOWN).state_since is None
    assert not watched.see(State.WARNING).state_change_seen


def test_after_a_day_in_which_nobody_could_look_it_is_since_now() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    watched.clock.advance(60)
    watched.see(State.CRITICAL, alerts=(alert("down", "critical", watched, 0),))
    for _ in range(24):
        watched.clock.advance(3600)
        assert watched.see(State.UNKNOWN, LinkWord.BLIND).state_since is None
    slow = Check(name="database", level=Level.WARNING, text="slow")
    after = watched.see(State.WARNING, checks=(slow,))
    assert (after.state_since, after.state_change_seen) == (watched.clock.now(), False)


def test_an_alert_that_is_so_tells_of_longer() -> None:
    watched = Watched()
    began = watched.see(State.WARNING, alerts=(alert("low", "low", watched, 90), alert("high", "high", watched, 40)))
    assert began.state_since == watched.clock.now() - timedelta(minutes=40)
    well = msgspec.structs.replace(alert("high", "high", watched, 900), well=True)
    assert watched.see(State.WARNING, alerts=(well,)).state_since == began.state_since
    stop = watched.see(State.STOPPED, alerts=(alert("emergency_stop", "critical", watched, 40),))
    assert stop.state_since == watched.clock.now()  # that change was seen
    anew = Watched()
    alerts = (alert("emergency_stop", "critical", anew, 40), alert("most tasks fail", "critical", anew, 50))
    assert anew.see(State.STOPPED, alerts=alerts).state_since == anew.clock.now() - timedelta(minutes=40)


def test_it_is_never_later_than_the_clock() -> None:
    watched = Watched()
    watched.see(State.WARNING)
    watched.clock.jump_wall(-7200)
    seen = watched.see(State.WARNING)
    assert seen.state_since == seen.at


def test_a_state_with_a_cause_holds_since_the_cause_began_whatever_the_word_was_meanwhile() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    watched.clock.advance(60)
    low = alert("low", "critical", watched, 0)
    assert watched.see(State.CRITICAL, alerts=(low,)).state_since == low.began_at
    watched.clock.advance(240)
    watched.see(State.STOPPED, alerts=(low,))
    watched.clock.advance(60)
    down = alert("database_down", "critical", watched, 0)
    had = msgspec.structs.replace(low, state="acknowledged")
    watched.see(State.CRITICAL, LinkWord.OFFLINE, alerts=(had, down))
    watched.clock.advance(60)
    after = watched.see(State.CRITICAL, alerts=(had,))
    assert (after.state_since, after.state_change_seen) == (low.began_at, True)


def test_what_somebody_takes_care_of_is_the_older_part_and_what_is_new_has_its_own_time() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    watched.clock.advance(60)
    low = alert("low", "critical", watched, 0)
    watched.see(State.CRITICAL, alerts=(low,))
    had = msgspec.structs.replace(low, state="acknowledged")
    watched.clock.advance(600)
    assert watched.see(State.CRITICAL, alerts=(had,)).cause_since is None
    slow = Check(name="database", level=Level.WARNING, text="slow")
    both = watched.see(State.CRITICAL, alerts=(had,), checks=(slow,))
    assert (both.state_since, both.cause_since) == (low.began_at, both.at)
    both = msgspec.structs.replace(both, state_why="database slow (low: acknowledged)")
    line = plain(TopLine(Signs(), palette("dark")).lines(both, 160, 2)[0])
    assert f"since {both.state_since:%H:%M}" in line
    assert f"new since {both.cause_since.astimezone():%H:%M}: database slow (low: acknowledged)" in line
    wall = view_model.incident(msgspec.structs.replace(both, at=both.at + timedelta(minutes=2)))
    assert (wall.big, wall.lines[0]) == ("12 MIN", "low and 1 more")  # there the graver is named first
    watched.clock.advance(60)
    alone = watched.see(State.WARNING, checks=(slow,))
    assert (alone.state_since, alone.cause_since) == (low.began_at, both.at)  # it was never well between


def test_what_somebody_has_by_now_is_not_said_to_be_new() -> None:
    watched = Watched()
    low, calls = alert("low", "critical", watched, 30), alert("calls", "critical", watched, 2)
    both = watched.see(State.CRITICAL, alerts=(low, calls))
    had = tuple(msgspec.structs.replace(one, state="acknowledged") for one in (calls, low))
    assert both.cause_since is None
    new = watched.see(State.CRITICAL, alerts=(calls, had[1]))
    assert "new since" in plain(TopLine(Signs(), palette("dark")).lines(new, 160, 2)[0])
    all_had = watched.see(State.CRITICAL, alerts=had)
    assert "new since" not in plain(TopLine(Signs(), palette("dark")).lines(all_had, 160, 2)[0])


def test_under_one_unbroken_critical_it_is_as_old_as_the_first_whatever_is_named() -> None:
    watched = Watched()
    low, calls = alert("low", "critical", watched, 30), alert("calls", "critical", watched, 2)
    had = msgspec.structs.replace(low, state="acknowledged")
    for alerts in ((low,), (low, calls), (had, calls), (had,)):
        seen = watched.see(State.CRITICAL, alerts=alerts)
        assert seen.state_since == low.began_at
        assert seen.cause_since in {None, calls.began_at}
        assert (seen.cause_since is not None) is (alerts == (had, calls))
    alone = watched.see(State.CRITICAL, alerts=(calls,))
    assert (alone.state_since, alone.cause_since) == (low.began_at, calls.began_at)


def test_its_time_becomes_no_later_one_while_something_is_wrong() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    watched.clock.advance(60)
    first = alert("lag", "medium", watched, 0)
    assert watched.see(State.WARNING, alerts=(first,)).state_since == first.began_at
    watched.clock.advance(60)
    down = alert("down", "critical", watched, 0)
    assert watched.see(State.CRITICAL, LinkWord.OFFLINE, alerts=(down, first)).state_since == watched.clock.now()
    watched.clock.advance(60)
    calls = alert("calls", "medium", watched, 0)
    over = msgspec.structs.replace(down, well=True)
    for alerts in ((over, first, calls), (first, calls), (calls,)):
        seen = watched.see(State.WARNING, alerts=alerts)
        assert seen.state_since == first.began_at
        assert seen.cause_since == (calls.began_at if alerts == (calls,) else None)
    watched.see(State.ACTIVE)
    watched.clock.advance(5)
    fresh = alert("lag", "medium", watched, 0)
    assert watched.see(State.WARNING, alerts=(fresh,)).state_since == fresh.began_at


def test_where_all_that_is_as_grave_is_about_to_resolve_it_is_as_old_as_what_is_named() -> None:
    watched = Watched()
    down = alert("down", "critical", watched, 5)
    began = watched.see(State.CRITICAL, alerts=(down,)).state_since
    over = msgspec.structs.replace(down, well=True)
    for state in (State.WARNING, State.CRITICAL):
        assert watched.see(state, alerts=(over,)).state_since == began


def test_a_fault_is_as_old_as_the_first_that_was_seen_of_it() -> None:
    watched = Watched()
    watched.see(State.ACTIVE)
    watched.clock.advance(60)
    began = watched.clock.now()
    silent = Check(name="edge_function", level=Level.WARNING, text="silent")
    assert watched.see(State.WARNING, checks=(silent,)).state_since == began
    watched.clock.advance(120)
    calls = msgspec.structs.replace(alert("breakers", "critical", watched, 0), subject="edge")
    grave = watched.see(State.CRITICAL, alerts=(calls,), checks=(silent,))
    assert grave.state_since == calls.began_at  # it was a warning before
    unknown = msgspec.structs.replace(silent, level=Level.UNKNOWN)
    assert watched.see(State.WARNING, checks=(unknown,), alerts=(alert("x", "high", watched, 0),)).state_since == began
    assert watched.see(State.WARNING, checks=(silent,)).state_since == began  # it was not seen to end
    watched.see(State.ACTIVE)
    watched.clock.advance(5)
    assert watched.see(State.WARNING, checks=(silent,)).state_since == watched.clock.now()


def test_what_is_new_is_as_old_as_it_is_itself_though_something_of_its_subject_began_before() -> None:
    watched = Watched()
    grave = alert("success_rate", "critical", watched, 20)
    slow = msgspec.structs.replace(alert("db_odd", "medium", watched, 10), subject="db")
    fails = msgspec.structs.replace(alert("calls", "critical", watched, 2), subject="db")
    cared = msgspec.structs.replace(grave, state="acknowledged")
    watched.see(State.CRITICAL, alerts=(grave,))
    watched.see(State.CRITICAL, alerts=(cared, slow))
    seen = watched.see(State.CRITICAL, alerts=(cared, slow, fails))
    assert seen.state_since == grave.began_at
    assert seen.cause_since == fails.began_at


def test_what_is_new_is_never_later_than_now_though_another_clock_says_so() -> None:
    watched = Watched()
    watched.see(State.CRITICAL, alerts=(alert("success_rate", "critical", watched, 20),))
    cared = msgspec.structs.replace(alert("success_rate", "critical", watched, 20), state="acknowledged")
    seen = watched.see(State.CRITICAL, alerts=(cared, alert("calls", "critical", watched, -30)))
    assert seen.cause_since == seen.at
