"""What does not change is not drawn again: a panel's lines are made anew when its data, an age or its size changed."""

import re
from collections import Counter, deque

import pytest

from core.domain.snapshot import Snapshot
from tests.clock import FakeClock
from tests.tui.drawn import app_on, monitor_of, settled
from tests.tui.pictures import CRITICAL, WARNING
from tests.tui.well import ACTIVE, changed
from tui.app.app import WatchdeskApp
from tui.panels import PANELS, Panel, TopLine
from tui.panels.panel import STEADY_S
from tui.rendering.text import plain

AGE = re.compile(r"<?\d+ (?:s|min|h|d)\b(?! to)")
STEADY = [kind for kind in PANELS if kind.STEADY]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the lines of each panel were made."""
    counts: Counter[str] = Counter()

    def count(kind: type[Panel]) -> None:
        lines = kind.lines

        def counted(self: Panel, snapshot: Snapshot, width: int, height: int) -> object:
            counts[kind.__name__] += 1
            return lines(self, snapshot, width, height)

        monkeypatch.setattr(kind, "lines", counted)

    for kind in (*STEADY, TopLine):
        count(kind)
    return counts


def pass_time(app: WatchdeskApp, seconds: float) -> None:
    """Time passes, and the screen's timer ticks once."""
    assert isinstance(app.clock, FakeClock)
    app.clock.advance(seconds)
    app.repaint()


def shown(app: WatchdeskApp) -> list[str]:
    """The lines of the steady panels as they were drawn last."""
    panels = (app.screen.query_one(f"#{kind.NAME}", Panel) for kind in STEADY)
    return [plain(line) for panel in panels for line in panel._drawn]


def ages(lines: list[str]) -> list[str]:
    """Every age in them, whatever the order of the lines."""
    return sorted(age for line in lines for age in AGE.findall(line))


async def test_a_second_in_which_nothing_happens_draws_nothing(made: Counter[str]) -> None:
    assert len(STEADY) > 5
    app = app_on(ACTIVE)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        pass_time(app, STEADY_S)
        before = Counter(made)
        pass_time(app, 0.25)
        assert made == before
        assert not app.screen._layout_required
        monitor_of(app).snapshot = changed(ACTIVE, notices=())
        app.repaint()
        assert (made - before).keys() >= {kind.__name__ for kind in STEADY if kind.NAME != "tasks"}


@pytest.mark.usefixtures("utc")
async def test_the_clock_of_the_top_line_turns_with_the_minute() -> None:
    app = app_on(ACTIVE)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        top = app.screen.query_one(TopLine)
        pass_time(app, 32.5)  # it is 03:10:27
        assert "03:10 UTC" in plain(top._drawn[1])
        pass_time(app, 0.4)
        assert "03:10 UTC" in plain(top._drawn[1])
        pass_time(app, 0.2)
        assert "03:11 UTC" in plain(top._drawn[1])


@pytest.mark.parametrize("snapshot", [ACTIVE, WARNING, CRITICAL], ids=["active", "warning", "critical"])
async def test_every_age_is_told_as_if_all_were_drawn_each_second(snapshot: Snapshot) -> None:
    """What is no age, a share or an order say, follows within the few seconds that a panel may stand."""
    app, anew = app_on(snapshot), app_on(snapshot)
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        async with anew.run_test(size=(200, 50)) as other:
            await settled(other)
            recent: deque[list[str]] = deque(maxlen=int(STEADY_S))
            for second in range(150):
                pass_time(app, 1)
                for kind in STEADY:
                    panel = anew.screen.query_one(f"#{kind.NAME}", Panel)
                    panel.stands_until, panel._drawn_of = None, ()
                pass_time(anew, 1)
                recent.append(shown(anew))
                assert {*shown(app)} <= {line for lines in recent for line in lines}, f"after {second + 1} s"
                assert ages(shown(app)) == ages(recent[-1]), f"after {second + 1} s"
