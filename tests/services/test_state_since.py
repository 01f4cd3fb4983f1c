"""Since when the state holds: seen, or at least known; calm states count as one."""

from datetime import timedelta

import msgspec

from core.domain.snapshot import AlertView, Degradation, Link, LinkWord, Project, Snapshot, State
from core.resilience import DegradationLevel
from core.services.state_since import StateSince
from tests.clock import FakeClock


class Watched:
    """A clock, and what a monitor says of the state under it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.since = StateSince(self.clock)

    def see(self, state: State, word: LinkWord = LinkWord.LIVE, alerts: tuple[AlertView, ...] = ()) -> Snapshot:
        return self.since.told(
            Snapshot(
                at=self.clock.now(),
                project=Project(name="p", url="u", user="x"),
                state=state,
                link=Link(word=word),
                alerts=alerts,
                degradation=Degradation(level=DegradationLevel.NORMAL),
            )
        )


def alert(rule: str, severity: str, watched: Watched, minutes: int) -> AlertView:
    began = watched.clock.now() - timedelta(minutes=minutes)
    return AlertView(key=rule, rule=rule, subject="", severity=severity, state="firing", title=rule, began_at=began)


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
