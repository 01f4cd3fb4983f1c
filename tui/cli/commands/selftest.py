"""`watchdesk selftest`: ten scenarios, each really exercised, on sandboxes of its own or on the configured project."""

import tempfile
from pathlib import Path

import click

from core.backend.target import Target
from core.sandbox.selftest import SCENARIOS, ScenarioOutcome, run_all
from tui.cli import exits
from tui.cli.event_loop import run_command
from tui.cli.own_sandbox import own_sandbox
from tui.cli.session import configure, confirmed, put, put_json, start_logging, tell

RULE = "=" * 82
LIVE = (
    "The self-test writes to {name}: up to two tasks of its own, which it deletes again, audit rows, and the emergency"
    " stop's flag, set and cleared. No other task is touched."
)


@click.command(name="selftest")
@click.option("--shape", type=click.Choice(["deployed", "documented"]), help="One shape only.  [default: both]")
@click.option("--live", is_flag=True, help="On the configured project, undoing what it did; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def command(context: click.Context, *, shape: str | None, live: bool, yes: bool, as_data: bool) -> None:
    """Exercise ten scenarios for real, on sandboxes or on your project; ends with 1 if any failed."""
    if live and shape is not None:
        raise click.UsageError("--shape works only with a sandbox")
    start_logging()
    outcomes: dict[str, tuple[ScenarioOutcome, ...]] = {}
    if live:
        target = configure(context).target
        if context.obj["observe"]:
            tell("watchdesk: started with --observe: nothing is written")
            context.exit(exits.WRONG)
        if not confirmed(LIVE.format(name=target.name), yes=yes, word=target.name):
            tell("nothing was done")
            context.exit(exits.PARTLY)
        outcomes[target.name] = _tried(target, owned=False, shown=not as_data)
    else:
        for one in [shape] if shape is not None else ["deployed", "documented"]:
            with own_sandbox(one) as info:
                if info is None:
                    context.exit(exits.WRONG)
                # As the master account with the publishable key: row level security holds for it.
                target = Target(
                    name=one,
                    url=info["url"],
                    key=info["publishable_key"],
                    email=info["user"],
                    password=info["password"],
                )
                outcomes[one] = _tried(target, owned=True, shown=not as_data)
    if as_data:
        put_json({"version": 1, "selftest": outcomes})
    failed = any(not outcome.passed for group in outcomes.values() for outcome in group)
    context.exit(exits.PARTLY if failed else exits.DONE)


def _tried(target: Target, *, owned: bool, shown: bool) -> tuple[ScenarioOutcome, ...]:
    def told(outcome: ScenarioOutcome) -> None:
        if shown:
            sign = "✅" if outcome.passed else "❌"
            put(f"{sign} {outcome.name:<34} {1000 * outcome.took_s:6.0f} ms  {outcome.text}")

    if shown:
        put(f"{target.name} as {target.user}")
    with tempfile.TemporaryDirectory(prefix="watchdesk-selftest-") as home:
        outcomes = run_command(run_all(SCENARIOS, target, Path(home), owned=owned, tell=told))
    if shown:
        click.echo(summary(outcomes))
    return outcomes


def summary(outcomes: tuple[ScenarioOutcome, ...]) -> str:
    """Return the summary, in the form of the system's own tests."""
    passed = sum(outcome.passed for outcome in outcomes)
    took_ms = 1000 * sum(outcome.took_s for outcome in outcomes)
    return "\n".join(
        (
            RULE,
            "TEST SUMMARY",
            RULE,
            f"Total Tests: {len(outcomes)}",
            f"✅ Passed: {passed}",
            f"❌ Failed: {len(outcomes) - passed}",
            f"⏱️  Total Duration: {took_ms:.0f}ms",
            RULE,
        )
    )
