"""The ten scenarios, in the order of the product's original document. Each returns what it saw."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import msgspec

from core.actions.emergency_stop import EMERGENCY_STOP, EmergencyStop
from core.actions.heal import Heal
from core.actions.healer import Findings
from core.actions.process import RESTART
from core.actions.resume import RESUME
from core.actions.undo import UNDO
from core.backend.fault_transport import LineFault
from core.checks import NAMES
from core.checks.failure_rate import judge
from core.domain.actions import ResultPhase
from core.domain.checks import Check
from core.domain.failure_rate import failure_rate
from core.domain.plans import HealPlan
from core.domain.snapshot import LinkWord, State
from core.domain.status import Level
from core.monitor import Monitor
from core.resilience import BreakerState
from core.resilience.reading import Reading, Source
from core.sandbox.selftest.context import ScenarioContext, expect
from core.sandbox.selftest.run import Scenario

TASKS: Final = "/rest/v1/autonomous_tasks"
POLL: Final = "/functions/v1/ai-agent-poll"
_SOON_S: Final = 10.0


async def fallback(context: ScenarioContext) -> str:
    """Check that a failing query is answered with last-known data, labelled and aged, until there is a live answer."""
    monitor = await context.monitor()
    await _something_to_read(context)
    await monitor.refresh(everything=True)
    live = monitor.snapshot.tasks.newest
    expect(live.source is Source.LIVE, f"the tasks are {live.source}, not live")
    context.line.cut = LineFault.REFUSED
    await monitor.refresh()
    cached = monitor.snapshot.tasks.newest
    expect(cached.source is Source.CACHED, f"without a line the tasks are {cached.source}, not cached")
    expect(cached.value == live.value and cached.at == live.at, "what is shown is not what was last known")
    context.line.cut = LineFault.WHOLE
    await _until(lambda: context.source_of(monitor) is Source.LIVE, "it is not live again", monitor.refresh)
    return f"{len(live.value or ())} tasks live, then cached, then live"


async def breaker(context: ScenarioContext) -> str:
    """Check that five failures open a breaker, then nothing goes out but one probe, and its success closes it."""
    monitor = await context.monitor()
    key = "db:fetch_tasks"
    context.line.cut = LineFault.UNAVAILABLE
    for _ in range(5):
        await monitor.refresh()
    expect(_state(monitor, key) is BreakerState.OPEN, f"after five failures it is {_state(monitor, key)}")
    tried = _asked_newest(context)
    await monitor.refresh()
    expect(_asked_newest(context) == tried, "an open breaker let a call out")
    context.line.cut = LineFault.WHOLE
    await _until(lambda: _state(monitor, key) is BreakerState.DUE, "it never became due")
    tried = _asked_newest(context)
    await asyncio.gather(*(context.parts.readings.refresh() for _ in range(5)))
    expect(_asked_newest(context) == tried + 1, f"{_asked_newest(context) - tried} calls went out to probe, not one")
    expect(_state(monitor, key) is BreakerState.CLOSED, f"after a good probe it is {_state(monitor, key)}")
    return "opened after 5 failures, refused, one probe, closed"


async def stuck_tasks(context: ScenarioContext) -> str:
    """Check that a stuck task is found and failed, a running one is left alone, and the heal is undone."""
    monitor = await context.monitor()
    stuck = await context.add_task("in_progress", began_ago=timedelta(hours=3))
    fresh = await context.add_task("in_progress", began_ago=timedelta(minutes=1))
    found = await context.parts.healer.plan(context.parts.time.cut_off())
    ids = {task.id for task in found.survey.overdue.silent}
    expect(stuck in ids, "a task that runs for three hours without a sign of life is not found stuck")
    expect(fresh not in ids, "a task that began a minute ago is called stuck")
    only = _only(found, {stuck, fresh})  # on a living project nothing but our own is touched
    heal = Heal(context.parts.dependencies, found=only)
    result = await context.parts.runner.run(heal, context.parts.operator)
    expect((result.phase, result.changed) == (ResultPhase.VERIFIED, 1), f"healing said: {result.text}")
    expect(await context.status_of(stuck) == "failed", f"the stuck task is {await context.status_of(stuck)}")
    expect(await context.status_of(fresh) == "in_progress", f"the running task is {await context.status_of(fresh)}")
    undone = await monitor.run(UNDO, await monitor.plan(UNDO, run=result.run))
    expect(await context.status_of(stuck) == "in_progress", f"undo said: {undone.text}")
    return "1 stuck failed and audited, 1 running untouched, undone"


async def cache(context: ScenarioContext) -> str:
    """Check that live data is there after a restart without a connection, with its age, and nothing else is made up."""
    monitor = await context.monitor("kept")
    await _something_to_read(context)
    await monitor.refresh(everything=True)
    known = monitor.snapshot.tasks.newest
    await context.close(monitor)
    context.line.cut = LineFault.REFUSED
    again = await context.painted("kept")
    shown = again.snapshot.tasks.newest
    expect(shown.source is Source.CACHED, f"after a restart the tasks are {shown.source}, not cached")
    expect(shown.value == known.value, "after a restart other tasks are shown than were last known")
    await again.refresh(everything=True)
    expect(again.snapshot.tasks.newest.value == known.value, "a failed refresh lost what was known")
    never = await context.painted("empty")
    await never.refresh(everything=True)
    expect(never.snapshot.tasks.newest.value is None, "what was never read is shown as if it were known")
    context.line.cut = LineFault.WHOLE
    await context.monitor()  # to clear up with
    return f"{len(known.value or ())} tasks kept over a restart, nothing invented"


async def edge_function(context: ScenarioContext) -> str:
    """Check that the function is asked by OPTIONS alone, and its silence is seen, counted, and over once it answers."""
    monitor = await context.monitor()
    check = (await monitor.check()).of("edge_function")
    expect(check.level in {Level.OK, Level.WARNING}, f"the check says {check.level}: {check.text}")
    context.line.cut = LineFault.UNAVAILABLE
    for _ in range(5):
        silent = (await monitor.check()).of("edge_function")
    expect(silent.level is Level.WARNING, f"without an answer the check says {silent.level}: {silent.text}")
    state = _state(monitor, "edge:ai-agent-poll:probe")
    expect(state in {BreakerState.OPEN, BreakerState.DUE}, f"its breaker is {state} after five failures")
    context.line.cut = LineFault.WHOLE
    back = (await monitor.check()).of("edge_function")
    expect(back.level is check.level, f"with an answer the check says {back.level}: {back.text}")
    expect(context.line.count("POST ", POLL) == 0, "a health check ran the agents")
    return f"{check.text}, then silent, then {back.text}; never invoked"


async def high_failure_rate(context: ScenarioContext) -> str:
    """Check that the rate is counted on the server and judged; on a sandbox after making failures."""
    await context.monitor()
    await _something_to_read(context)
    rules, parts = context.parts.config.failures, context.parts
    before = await failure_rate(parts.reads.outcomes, parts.time.likely(), rules)
    if not context.owned:
        rows = await parts.reads.logs.by_watchdog(healing=False, since=None, limit=1)
        return f"{before.failed:,} of {before.finished:,} failed: {judge(before, rules).text} ({len(rows)} row read)"
    needed = 4 * before.completed + rules.few_finished + 1
    for _ in range(max(0, needed - before.failed)):
        await context.add_task("failed", began_ago=timedelta(minutes=5), ended=True)
    after = await failure_rate(parts.reads.outcomes, parts.time.likely(), rules)
    expect(after.failed > before.failed or needed <= before.failed, "new failures are not counted")
    verdict = judge(after, rules)
    expect(verdict.level is Level.CRITICAL, f"{after.failed} of {after.finished} failed, and it is called {verdict}")
    few = judge(type(after)(completed=0, failed=rules.few_finished - 1, window=after.window), rules)
    expect(few.level is Level.OK, "four finished tasks are called a storm")
    return verdict.text


async def watchdog(context: ScenarioContext) -> str:
    """Check that the watchdog starts once, runs, goes on after a restart, and keeps its limit of two seconds."""
    monitor = await context.monitor(observe=not context.owned)
    await _something_to_read(context)
    await monitor.start()
    await monitor.start()
    await _until(lambda: monitor.snapshot.ready, "it did not start")
    health = monitor.snapshot.health
    expect(health.running, "its loop does not run")
    expect(len(health.checks) == len(NAMES), f"it made {len(health.checks)} checks, not {len(NAMES)}")
    unknown = [check.name for check in health.checks if check.level is Level.UNKNOWN]
    expect(not unknown, f"not known: {', '.join(unknown)}")
    slow = max(check.took_s or 0.0 for check in health.checks)
    expect(slow < 2.0, f"a check took {slow:.1f} s")
    last = health.last_at
    await monitor.run(RESTART)
    await _until(lambda: monitor.snapshot.health.last_at != last, "after a restart it does not look")
    return f"{len(NAMES)} checks, the slowest {1000 * slow:.0f} ms, restarted"


async def emergency_stop(context: ScenarioContext) -> str:
    """Check that a stop is set, not set twice, and lifted, each read back; outside a sandbox only if no task is hit."""
    monitor = await context.monitor()
    task = await context.add_task("pending") if context.owned else ""
    plan = await EmergencyStop(context.parts.dependencies).plan()
    if plan.already:
        again = await monitor.run(EMERGENCY_STOP, reason="self-test")
        expect(again.already, f"a standing stop was set again: {again.text}")
        return f"{plan.already}; a second one changed nothing"
    hit = plan.pending + plan.running
    if not context.owned and hit:
        return await _flag_alone(context, hit)
    stopped = await monitor.run(EMERGENCY_STOP, reason="self-test", hours=1)
    try:
        expect(stopped.phase is ResultPhase.VERIFIED, f"the stop said: {stopped.text}")
        config = await context.parts.reads.config.fetch()
        expect(config is not None and config.emergency_stop, "the flag is not set")
        expect(not task or await context.status_of(task) == "rejected", "a pending task was not rejected")
        again = await monitor.run(EMERGENCY_STOP, reason="another reason", hours=1)
        expect(again.already, f"a standing stop was set again: {again.text}")
    finally:
        lifted = await monitor.run(RESUME, requeue=True)
    expect(lifted.phase is ResultPhase.VERIFIED, f"the resume said: {lifted.text}")
    expect(not task or await context.status_of(task) == "pending", "the task was not requeued")
    return f"{stopped.text}; {lifted.text}"


async def _flag_alone(context: ScenarioContext, hit: int) -> str:
    """Set and clear the flag without rejecting work, which belongs to somebody."""
    parts = context.parts
    config = await parts.reads.config.fetch()
    expect(config is not None, "no config row is visible")
    if config is None:
        return ""
    until = parts.clock.now() + timedelta(minutes=5)
    try:
        changed = await context.write(lambda: parts.writes.set_stop(config.ids, reason="self-test", until=until))
        seen = await parts.reads.config.fetch()
        expect(changed and seen is not None and seen.emergency_stop, "the flag could not be set: not allowed?")
    finally:
        await context.write(lambda: parts.writes.clear_stop(config.ids))
    after = await parts.reads.config.fetch()
    expect(after is not None and not after.emergency_stop, "the flag could not be cleared: clear it by hand")
    return f"the flag set and cleared; {hit:,} unfinished tasks left alone"


async def connection(context: ScenarioContext) -> str:
    """Check that refused, unavailable and garbage are each named within two seconds; then it is live again."""
    monitor = await context.monitor()
    await monitor.refresh(everything=True)
    expect(monitor.snapshot.link.word is LinkWord.LIVE, f"it is {monitor.snapshot.link.word} to begin with")
    for cut, word in (
        (LineFault.REFUSED, "down"),
        (LineFault.UNAVAILABLE, "down"),
        (LineFault.GARBAGE, "down"),
        (LineFault.SILENT, "slow"),
    ):
        context.line.cut = LineFault.WHOLE
        await monitor.check()  # what was proven stays so until something answers
        context.line.cut = cut
        checkup = await monitor.check()
        database = checkup.of("database")
        bad = Level.WARNING if cut is LineFault.SILENT else Level.CRITICAL
        expect(database.level is bad, f"{cut}: the check says {database.level}: {database.text}")
        expect(database.text.startswith(word), f"{cut} is called: {database.text}")
        expect(checkup.took_s < 2.0, f"{cut}: the check took {checkup.took_s:.1f} s")
    context.line.cut = LineFault.REFUSED
    await monitor.check()
    await monitor.refresh()
    expect(monitor.snapshot.link.word is LinkWord.OFFLINE, f"proven down it is {monitor.snapshot.link.word}")
    context.line.cut = LineFault.WHOLE
    context.parts.breakers.make_all_due()
    await _until(lambda: monitor.snapshot.link.word is LinkWord.LIVE, "it is not live again", monitor.refresh)
    return "refused, unavailable, garbage and silence told apart; live again"


async def full_check(context: ScenarioContext) -> str:
    """Check everything at once: the display is live, the checks agree with it, and the state word follows."""
    monitor = await context.monitor()
    await _something_to_read(context)
    await monitor.refresh(everything=True)
    await monitor.check()
    snapshot = monitor.one_shot()
    expect(snapshot.state is not State.UNKNOWN, f"the state is unknown: {snapshot.state_why}")
    expect(snapshot.link.word is LinkWord.LIVE, f"the link is {snapshot.link.word}")
    shown: dict[str, Reading[Any]] = {
        "config": snapshot.config,
        "counts": snapshot.tasks.counts,
        "logs": snapshot.logs,
    }
    for name, reading in shown.items():
        expect(reading.live, f"{name} is {reading.source}, not live")
    counts = snapshot.tasks.counts.value
    pending = await context.parts.reads.counts.exactly("pending")
    expect(counts is not None and counts.of("pending") == pending, "the counts shown are not those counted")
    database = _check(snapshot.health.checks, "database")
    expect(database.level is Level.OK, f"the database check says {database.level}: {database.text}")
    return f"{snapshot.state}: {snapshot.state_why}"


SCENARIOS: Final[tuple[tuple[str, Scenario], ...]] = (
    ("Self-healing query with fallback", fallback),
    ("Circuit breaker pattern", breaker),
    ("Auto-healing of stuck tasks", stuck_tasks),
    ("Fallback data cache", cache),
    ("Edge function self-healing", edge_function),
    ("High failure rate detection", high_failure_rate),
    ("Watchdog status check", watchdog),
    ("Emergency stop", emergency_stop),
    ("Database connection resilience", connection),
    ("Full system health check", full_check),
)


def _asked_newest(context: ScenarioContext) -> int:
    """Return how often the newest tasks were asked for; only that request has this sort order."""
    return context.line.count(f"GET {TASKS}?", "order=created_at.desc")


def _state(monitor: Monitor, key: str) -> BreakerState | None:
    return next((record.state for record in monitor.parts.breakers.all() if record.key == key), None)


def _check(checks: tuple[Check, ...], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def _only(found: Findings, ours: set[str]) -> Findings:
    """Return the part of a plan that is about our own tasks."""
    overdue = found.survey.overdue
    stuck = tuple(task for task in overdue.silent if task.id in ours)
    survey = msgspec.structs.replace(found.survey, overdue=msgspec.structs.replace(overdue, stuck=stuck, unproven=()))
    steps = tuple(
        msgspec.structs.replace(step, count=len(stuck), ids=tuple(task.id for task in stuck))
        for step in found.plan.steps
        if step.name == "stuck_tasks"
    )
    return Findings(plan=HealPlan(steps=steps), survey=survey)


async def _something_to_read(context: ScenarioContext) -> None:
    """Add rows to an empty sandbox: an empty table looks like one never read. Other projects are left alone."""
    if context.owned:
        await context.add_task("completed", began_ago=timedelta(minutes=5), ended=True)
        await context.add_log()


async def _until(
    condition: Callable[[], bool],
    otherwise: str,
    again: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Wait until `condition` is true, calling `again` meanwhile. Raises Unmet with `otherwise`."""
    end = asyncio.get_running_loop().time() + _SOON_S
    while not condition():
        expect(asyncio.get_running_loop().time() < end, otherwise)
        if again is not None:
            await again()
        await asyncio.sleep(0.05)
