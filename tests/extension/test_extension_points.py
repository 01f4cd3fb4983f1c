"""What people will add is one new file, named in one place: added from outside, and seen where it must be seen."""

import json
import sys
from collections.abc import Sequence

import pytest

from tests.extension.conftest import Checkout
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.terminal import Terminal

WIDE = (200, 50)


class OfTheCopy(Terminal):
    """The monitor of the copy on a terminal."""

    def __init__(self, checkout: Checkout, sandbox: Running, size: tuple[int, int] = WIDE) -> None:
        self._checkout = checkout
        command = Command(checkout.place)
        env = {"PYTHONPATH": str(checkout.place), "HOME": str(checkout.place)}
        super().__init__(command, sandbox, size=size, **env)

    def program(self, args: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "tui", *args]


CHECK = '''"""Is the weather fine?"""

from core.checks.context import CheckContext
from core.domain.status import Verdict


async def weather(look: CheckContext) -> Verdict:
    """Warn of rain."""
    return Verdict.warning(f"rain over {await look.live.count('pending')} pending tasks")
'''


def with_a_check(checkout: Checkout) -> None:
    checkout.add("core/checks/weather.py", CHECK)
    checkout.name(
        "core/checks/__init__.py",
        "    weather,",
        after="    breakers,",
        imports="from core.checks.weather import weather",
    )


def test_a_check(checkout: Checkout, sandbox: Running) -> None:
    with_a_check(checkout)
    page = checkout.run("status", sandbox=sandbox)
    assert "weather" in page.stdout, page.stderr
    assert "rain over 0 pending tasks" in page.stdout
    told = json.loads(checkout.run("status", "--json", sandbox=sandbox).stdout)
    assert [one["verdict"] for one in told["checks"] if one["name"] == "weather"] == ["warning"]
    assert len(told["checks"]) == 7


@ONE_SHAPE
def test_a_check_on_the_screen_and_in_the_health_row(checkout: Checkout, sandbox: Running) -> None:
    with_a_check(checkout)
    terminal = OfTheCopy(checkout, sandbox)
    try:
        terminal.await_text("rain over 0")
        terminal.await_text("of 7 fine")
        terminal.type(b"1")
        terminal.await_text("weather")
    finally:
        terminal.close()


PANEL = '''"""Weather: one line of it."""

from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line


class WeatherPanel(Panel):
    """Says what it is like outside."""

    NAME = "weather"
    TITLE = "Weather"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 70, 70

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        return Wish(2, 2)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        return [((f"  sunny at {snapshot.project.name}", "text"),)]
'''


@ONE_SHAPE
@pytest.mark.parametrize("size", [WIDE, (100, 30)])
def test_a_panel(checkout: Checkout, sandbox: Running, size: tuple[int, int]) -> None:
    checkout.add("tui/panels/weather.py", PANEL)
    checkout.name(
        "tui/panels/__init__.py",
        "    WeatherPanel,",
        after="PANELS: Final[tuple[type[Panel], ...]] = (",
        imports="from tui.panels.weather import WeatherPanel",
    )
    terminal = OfTheCopy(checkout, sandbox, size)
    try:
        terminal.await_text("sunny at")
        assert "Weather" in terminal.await_text("KPIs")
        terminal.type(b"\t\t\t\t\t\t\t\t\t\r")  # whatever has the focus, nothing of it ends the program
        terminal.read(1.0)
        assert terminal.process.poll() is None
    finally:
        terminal.close()


LIST = '''"""The weather in full."""

from collections.abc import Sequence

from core.domain.snapshot import Snapshot
from tui.lists.listed import Details, Listed, list_key
from tui.panels.row_list import Column, Row


class WeatherList(Listed):
    """One row for each day."""

    NAME = "weather"
    KEY = list_key("weather", "m", "weather", "weather: what it will be like")
    TITLE = "Weather"
    COLUMNS = (Column(title="day", width=10), Column(title="weather"))
    EMPTY = "no weather today"

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        return [Row(key="monday", cells=(("monday", "text"), ("sunny", "text")))]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        return Details(heading=key, text="sunny all day")
'''


@ONE_SHAPE
def test_a_list(checkout: Checkout, sandbox: Running) -> None:
    checkout.add("tui/lists/weather.py", LIST)
    checkout.name(
        "tui/lists/__init__.py",
        "        WeatherList,",
        after="    for kind in (",
        imports="from tui.lists.weather import WeatherList",
    )
    terminal = OfTheCopy(checkout, sandbox)
    try:
        terminal.await_text("LIVE")
        terminal.type(b"m")
        terminal.await_text("monday")
        terminal.type(b"\r")
        terminal.await_text("sunny all day")
        terminal.type(b"\x1b")
        terminal.await_gone("sunny all day")
        terminal.type(b"?")
        assert "what it will be like" in terminal.await_text("weather: what")
    finally:
        terminal.close()


COMMAND = '''"""`watchdesk weather`: what it is like."""

import click


@click.command(name="weather")
def command() -> None:
    """Say what it is like."""
    click.echo("sunny")
'''


def test_a_command(checkout: Checkout) -> None:
    checkout.add("tui/cli/commands/weather.py", COMMAND)
    checkout.name("tui/cli/commands/__init__.py", '    "weather": "What it is like.",', after="COMMANDS: Final = {")
    assert "What it is like." in checkout.run("--help").stdout
    assert checkout.run("weather").stdout == "sunny\n"
    assert "Say what it is like." in checkout.run("weather", "--help").stdout


RULE = """    yield Rule(
        name="rainy",
        severity=Severity.HIGH,
        title="rain",
        when="the system is enabled",
        runbook="take an umbrella",
        judge=lambda facts, _: Condition(Truth.of(facts.enabled is not None), "it rains on an enabled system"),
        for_s=0.0,
    )"""


def test_an_alert_rule(checkout: Checkout, sandbox: Running) -> None:
    checkout.name("core/alerting/rules.py", RULE, after="def _high(settings: AlertRules) -> Iterable[Rule]:")
    told = checkout.run("alerts", sandbox=sandbox).stdout
    assert "it rains on an enabled system" in told
    assert "take an umbrella" in told
    record = json.loads(checkout.run("alerts", "--json", sandbox=sandbox).stdout)
    assert [one["severity"] for one in record["alerts"] if one["rule"] == "rainy"] == ["high"]


@ONE_SHAPE
def test_an_alert_rule_on_the_screen(checkout: Checkout, sandbox: Running) -> None:
    checkout.name("core/alerting/rules.py", RULE, after="def _high(settings: AlertRules) -> Iterable[Rule]:")
    terminal = OfTheCopy(checkout, sandbox)
    try:
        terminal.await_text("it rains on an enabled system")
    finally:
        terminal.close()


REPAIR = '''"""Tasks whose description says that they are wet: their description is dried."""

from collections.abc import Callable

from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.actions.batches import requeue
from core.domain.actions import PlanStep
from core.domain.markers import Markers


class WetTasks(Repair):
    """Fails what is pending and wet, with a mark of its own."""

    name = "wet_tasks"
    option = "wet"
    undo_option = "wet"

    async def plan(self, survey: Survey) -> Proposal:
        wet = await self._wet()
        step = PlanStep(name=self.name, title="Wet tasks", effect="dry them", count=len(wet), ids=wet)
        return Proposal(step=step if wet else None)

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        mark = f"watchdesk:wet:{run.id}"
        marks = Markers(begins=(mark,))
        live, writes = self._context.live, self._context.commands

        async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await live.ask("db:read_back_tasks", lambda q: q.marked_among(ids, "rejected", marks))

        async def left(ids: tuple[str, ...]) -> int:
            return 0

        async def send(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await writes.reject(ids, status="pending", error=mark)

        run.count(step.ids, await run.change("db:dry", step.ids, send=send, changed=changed, left=left))
        tell(len(step.ids))

    async def undo_step(self, run: str) -> PlanStep | None:
        marks = Markers(begins=(f"watchdesk:wet:{run}",))
        count = await self._context.live.ask("db:count_marked", lambda q: q.count_marked(marks, "rejected"))
        return PlanStep(name=self.name, title=f"{count} dried", effect="wet again", count=count) if count else None

    async def undo(self, healed: str, run: Run) -> None:
        marks = Markers(begins=(f"watchdesk:wet:{healed}",))
        await requeue(run, marks, from_status="rejected", to_status="pending", title="Dried tasks")

    async def _wet(self) -> tuple[str, ...]:
        return await self._context.live.ask("db:fetch_wet", lambda q: q.ids_in("pending", 50, ""))
'''


def test_a_repair_with_its_undo(checkout: Checkout, sandbox: Running) -> None:
    checkout.add("core/actions/repairs/wet_tasks.py", REPAIR)
    checkout.name(
        "core/actions/repairs/__init__.py",
        "    WetTasks,",
        after="    OldLogs,",
        imports="from core.actions.repairs.wet_tasks import WetTasks",
    )
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('wet 1', 'pending'), ('wet 2', 'pending')")
    assert "wet" in checkout.run("heal", "--help").stdout + checkout.run("heal", "--only", "rain").stderr
    plan = checkout.run("heal", "--dry-run", "--only", "wet", sandbox=sandbox)
    assert "Wet tasks: dry them (2 rows)" in plan.stdout, plan.stderr
    healed = json.loads(checkout.run("heal", "--only", "wet", "--yes", "--json", sandbox=sandbox).stdout)
    assert healed["result"]["changed"] == 2
    run = healed["result"]["run"]
    told = checkout.run("logs", "--healing", sandbox=sandbox).stdout
    assert "wet tasks 2" in told
    undone = checkout.run("undo", run, "--yes", "--only", "wet", sandbox=sandbox)
    assert undone.stdout.startswith("2 of 2 dried wet again"), undone.stderr
    assert sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY status") == [("pending", 2)]
    again = checkout.run("undo", run, "--yes", sandbox=sandbox)
    assert "nothing of it stands any more" in again.stderr
