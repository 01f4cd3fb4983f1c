"""What people will add is one new file, named in one place: added from outside, and seen where it must be seen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extension.conftest import Checkout, CommandOfCopy
from tests.running import ONE_SHAPE, Running
from tests.tui.slips import SWALLOWED_S
from tests.tui.terminal import Terminal
from tests.warm import Warm

WIDE = (200, 50)

CHECK = '''"""Is the weather fine?"""

from core.checks.context import CheckContext
from core.domain.status import Verdict


async def weather(look: CheckContext) -> Verdict:
    """Warn of rain."""
    return Verdict.warning(f"rain over {await look.live.counts.exactly('pending')} pending tasks")
'''


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

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        return Wish(2, 2)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        return [((f"  sunny at {snapshot.project.name}", "text"),)]
'''


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


COMMAND = '''"""`watchdesk weather`: what it is like."""

import click


@click.command(name="weather")
def command() -> None:
    """Say what it is like."""
    click.echo("sunny")
'''


RULE = """    yield Rule(
        name="rainy",
        severity=Severity.HIGH,
        title="rain",
        when="the system is enabled",
        runbook="take an umbrella",
        judge=lambda facts, _: Condition(Truth.of(facts.enabled is not None), "it rains on an enabled system"),
        for_s=0.0,
    )"""


REPAIR = '''"""Tasks whose description says that they are wet: their description is dried."""

from collections.abc import Callable

from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.actions.batches import requeue
from core.domain.plans import PlanStep
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
        writes, reads = self._context.writes, self._context.reads

        async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await reads.task_ids.marked_among(ids, "rejected", marks)

        async def left(ids: tuple[str, ...]) -> int:
            return 0

        async def send(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await writes.tasks.reject(ids, status="pending", error=mark)

        run.count(step.ids, await run.change("db:dry", step.ids, send=send, changed=changed, left=left))
        tell(len(step.ids))

    async def undo_step(self, run: str) -> PlanStep | None:
        marks = Markers(begins=(f"watchdesk:wet:{run}",))
        count = await self._context.reads.task_ids.count_marked(marks, "rejected")
        return PlanStep(name=self.name, title=f"{count} dried", effect="wet again", count=count) if count else None

    async def undo(self, healed: str, run: Run) -> None:
        marks = Markers(begins=(f"watchdesk:wet:{healed}",))
        await requeue(run, marks, from_status="rejected", to_status="pending", title="Dried tasks")

    async def _wet(self) -> tuple[str, ...]:
        return await self._context.reads.task_ids.in_status("pending", 50)
'''


ACTION = '''"""Shelve what is pending, and take that back."""

from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import reject_all, requeue
from core.actions.dependencies import Dependencies
from core.actions.requeue import count_rejected
from core.actions.run import Run
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.markers import Markers
from core.domain.plans import PlanStep, Sentence
from core.domain.status import Truth

SHELVE: Final = Action(
    name="shelve",
    tier=Tier.CONFIRM,
    title="Shelve pending tasks",
    effect="reject what is pending, to be taken back later",
    arguments=(Argument(name="reason", help="Why.", required=True),),
    shortcut=Shortcut(name="shelve", key="K", word="shelve", does="shelve: what is pending waits for another day"),
    command=Command(name="shelve", help="Reject what is pending, for now."),
)


class Shelve(Operation[Sentence]):
    """Rejects pending tasks with a mark of its own."""

    action = SHELVE
    undoes = True

    def __init__(self, parts: Dependencies, shown: Sentence | None = None, *, reason: str = "") -> None:
        super().__init__(parts, shown)
        self.reason = reason

    async def plan(self) -> Sentence:
        """Return how many tasks are pending."""
        count = await self._count()
        return Sentence(text=f"{count} tasks to shelve", rows=count, idle=not count)

    async def prepare(self, run: str) -> Prepared | Result:
        """Count again."""
        count = await self._count()
        if not count:
            return self.already("nothing is pending")
        return Prepared(told={"reason": self.reason}, planned=count, run=run)

    async def run(self, run: Run) -> None:
        """Reject them, each with the run's mark."""
        await reject_all(run, "pending", mark=_mark(run.id), text=_mark(run.id), took=lambda ids: None)

    async def read_back(self, run: Run) -> ReadBack:
        """Count what is left."""
        left = await self._count()
        return ReadBack(holds=Truth.of(not left), text=f"{run.changed} shelved, {left} left")

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return how many still carry the mark."""
        count = await count_rejected(self._context, Markers(begins=(_mark(run),)))
        return PlanStep(name="shelve", title=f"{count} shelved", effect="pending again", count=count) if count else None

    async def undo(self, undone: str, run: Run) -> None:
        """Put them back to pending."""
        marks = Markers(begins=(_mark(undone),))
        await requeue(run, marks, from_status="rejected", to_status="pending", title="Shelved tasks")

    async def _count(self) -> int:
        return await self._context.reads.counts.exactly("pending")


def _mark(run: str) -> str:
    return f"watchdesk:shelved:{run}"
'''


@pytest.fixture(scope="session")
def with_all_of_them(checkout: Checkout) -> Iterator[Warm]:
    """What commands of the copy are forked from, once one of each was added to it."""
    checkout.add("core/checks/weather.py", CHECK)
    checkout.name(
        "core/checks/__init__.py",
        "    weather,",
        after="    breakers,",
        imports="from core.checks.weather import weather",
    )
    checkout.add("tui/panels/weather.py", PANEL)
    checkout.name(
        "tui/panels/__init__.py",
        "    WeatherPanel,",
        after="PANELS: Final[tuple[type[Panel], ...]] = (",
        imports="from tui.panels.weather import WeatherPanel",
    )
    checkout.add("tui/lists/weather.py", LIST)
    checkout.name(
        "tui/lists/__init__.py",
        "        WeatherList,",
        after="    for kind in (",
        imports="from tui.lists.weather import WeatherList",
    )
    checkout.add("tui/cli/commands/weather.py", COMMAND)
    checkout.name("tui/cli/commands/__init__.py", '    "weather": "What it is like.",', after="COMMANDS: Final = {")
    checkout.name("core/alerting/rules.py", RULE, after="def _high(settings: AlertRules) -> Iterable[Rule]:")
    checkout.add("core/actions/repairs/wet_tasks.py", REPAIR)
    checkout.name(
        "core/actions/repairs/__init__.py",
        "    WetTasks,",
        after="    OldLogs,",
        imports="from core.actions.repairs.wet_tasks import WetTasks",
    )
    checkout.add("core/actions/shelve.py", ACTION)
    checkout.name(
        "core/actions/catalogue.py",
        "    Shelve,",
        after="    RestartWatchdog,",
        imports="from core.actions.shelve import Shelve",
    )
    checkout.name(
        "tui/cli/commands/__init__.py", '    "shelve": "Shelve what is pending.",', after="COMMANDS: Final = {"
    )
    warm = Warm(checkout.place)
    yield warm
    warm.close()


@pytest.fixture
def extended(checkout: Checkout, with_all_of_them: Warm, tmp_path: Path) -> CommandOfCopy:
    """The command line of the copy, in a home of its own."""
    return CommandOfCopy(tmp_path, checkout, with_all_of_them)


@ONE_SHAPE
def test_a_check(extended: CommandOfCopy, sandbox: Running) -> None:
    page = extended("status", sandbox=sandbox)
    assert "weather" in page.stdout, page.stderr
    assert "rain over 0 pending tasks" in page.stdout
    told = json.loads(extended("status", "--json", sandbox=sandbox).stdout)
    assert [one["verdict"] for one in told["checks"] if one["name"] == "weather"] == ["warning"]
    assert len(told["checks"]) == 7


def test_a_command(extended: CommandOfCopy) -> None:
    assert "What it is like." in extended("--help").stdout
    assert extended("weather").stdout == "sunny\n"
    assert "Say what it is like." in extended("weather", "--help").stdout


@ONE_SHAPE
def test_an_alert_rule(extended: CommandOfCopy, sandbox: Running) -> None:
    told = extended("alerts", sandbox=sandbox).stdout
    assert "it rains on an enabled system" in told
    assert "take an umbrella" in told
    record = json.loads(extended("alerts", "--json", sandbox=sandbox).stdout)
    assert [one["severity"] for one in record["alerts"] if one["rule"] == "rainy"] == ["high"]


@ONE_SHAPE
def test_a_repair_with_its_undo(extended: CommandOfCopy, sandbox: Running) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('wet 1', 'pending'), ('wet 2', 'pending')")
    assert "wet" in extended("heal", "--help").stdout + extended("heal", "--only", "rain").stderr
    plan = extended("heal", "--dry-run", "--only", "wet", sandbox=sandbox)
    assert "Wet tasks: dry them (2 rows)" in plan.stdout, plan.stderr
    healed = json.loads(extended("heal", "--only", "wet", "--yes", "--json", sandbox=sandbox).stdout)
    assert healed["result"]["changed"] == 2
    run = healed["result"]["run"]
    told = extended("logs", "--healing", sandbox=sandbox).stdout
    assert "wet tasks: 2" in told
    undone = extended("undo", run, "--yes", "--only", "wet", sandbox=sandbox)
    assert undone.stdout.startswith("2 of 2 dried wet again"), undone.stderr
    assert sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY status") == [("pending", 2)]
    again = extended("undo", run, "--yes", sandbox=sandbox)
    assert "nothing of it stands any more" in again.stdout


def two_pending(sandbox: Running) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('one', 'pending'), ('two', 'pending')")


def statuses(sandbox: Running) -> list[tuple[object, ...]]:
    return sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY status")


@ONE_SHAPE
def test_an_action_with_its_command_audit_and_undo(extended: CommandOfCopy, sandbox: Running) -> None:
    two_pending(sandbox)
    assert "Shelve what is pending." in extended("--help").stdout
    told = extended("shelve", "--help").stdout
    assert all(word in told for word in ("--reason", "--yes", "--dry-run", "--json"))
    assert "a reason is required" in extended("shelve", "--reason", " ", sandbox=sandbox).stderr
    assert "2 tasks to shelve" in extended("shelve", "--reason", "rain", "--dry-run", sandbox=sandbox).stdout
    refused = extended("--observe", "shelve", "--reason", "rain", "--yes", sandbox=sandbox)
    assert (refused.returncode, "nothing is written" in refused.stderr) == (2, True)
    assert statuses(sandbox) == [("pending", 2)]
    done = json.loads(extended("shelve", "--reason", "rain", "--yes", "--json", sandbox=sandbox).stdout)
    assert (done["result"]["phase"], done["result"]["changed"]) == ("verified", 2)
    assert statuses(sandbox) == [("rejected", 2)]
    run = done["result"]["run"]
    audited = sandbox.sql(
        "SELECT step_status, input_data->'plan'->>'reason' FROM autonomous_execution_logs"
        f" WHERE input_data->>'run' = %s ORDER BY {sandbox.time_column}",
        run,
    )
    assert [status for status, _ in audited] == ["started", "completed"]
    assert audited[0][1] == "rain"
    assert "2 shelved, 0 left" in extended("logs", "--healing", sandbox=sandbox).stdout
    undone = extended("undo", run, "--yes", sandbox=sandbox)
    assert undone.stdout.startswith("2 of 2 shelved pending again"), undone.stderr
    assert statuses(sandbox) == [("pending", 2)]


@ONE_SHAPE
def test_a_check_a_panel_a_list_a_rule_and_an_action_are_on_the_screen(
    extended: CommandOfCopy, sandbox: Running
) -> None:
    two_pending(sandbox)
    terminal = Terminal(extended, sandbox, size=WIDE)
    try:
        for words in (
            "LIVE",
            "of 7 ok",
            "rain over 2",
            "sunny at",
            "Key figures",
            "it rains on an enabled system",
            "h heal",
        ):
            terminal.await_text(words)
        assert "Weather" in (shown := terminal.read(0))
        assert "K shelve" in shown
        terminal.type(b"m")
        terminal.await_text("monday")
        terminal.type(b"\r")
        terminal.await_text("sunny all day")
        terminal.type(b"\x1b")
        terminal.await_gone("sunny all day")
        terminal.type(b"\x1b")
        terminal.await_gone("monday")
        terminal.type(b"?")
        terminal.await_text("what it will be like")
        terminal.await_text("what is pending waits for another day")
        terminal.type(b"\x1b")
        terminal.await_gone("what it will be like")
        terminal.type(b"\x10")
        terminal.await_text("Search for commands")
        terminal.type(b"shelv")
        terminal.await_text("Shelve")
        terminal.type(b"\x1b")
        terminal.await_gone("Shelve")
        terminal.type(b"K")
        terminal.await_text("2 tasks to shelve")
        terminal.read(SWALLOWED_S)
        terminal.type(b"\x1b[Zrain\t\t\r")
        terminal.await_text("verified: 2 shelved, 0 left")
        terminal.read(SWALLOWED_S)
        terminal.type(b"\r")
        terminal.await_text("2 shelved, 0 left")
        terminal.type(b"1")
        terminal.await_text("weather")
    finally:
        terminal.dispose()


@ONE_SHAPE
def test_a_panel_has_its_place_on_a_small_screen_and_is_entered(extended: CommandOfCopy, sandbox: Running) -> None:
    terminal = Terminal(extended, sandbox, size=(100, 30))
    try:
        terminal.await_text("sunny at")
        assert "Weather" in terminal.await_text("Key figures")
        terminal.type(b"\t\t\t\t\t\t\t\t\t\r")  # whatever has the focus, nothing of it ends the program
        terminal.type(b"?")
        terminal.await_text("what it will be like")
        assert terminal.process.poll() is None
    finally:
        terminal.dispose()
