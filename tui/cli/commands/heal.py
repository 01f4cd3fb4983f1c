"""`watchdesk heal`: plan, ask, apply, report."""

import click

from core.actions.repairs import BY_DEFAULT, STEPS
from core.base.text import plural
from core.domain.actions import HEAL, HealPlan, PlanChanged, must_type
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.interruption import Progress, interruptible
from tui.cli.session import configure, confirmed, once, put, put_json, tell


def _repairs(_context: click.Context, _option: click.Parameter, given: str | None) -> frozenset[str]:
    if given is None:
        return BY_DEFAULT
    words = [word.strip() for word in given.split(",") if word.strip()]
    wrong = [word for word in words if word not in STEPS]
    if wrong or not words:
        raise click.BadParameter(f"name some of {', '.join(STEPS)}" + (f", not {', '.join(wrong)}" if wrong else ""))
    return frozenset(STEPS[word] for word in words)


@click.command(name="heal")
@click.option(
    "--only", callback=_repairs, metavar="stuck,config,dry-run,logs", help="These repairs; all but logs else."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the plan, change nothing; 1 if there is something to heal.")
@click.option("--json", "as_data", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, only: frozenset[str], yes: bool, dry_run: bool, as_data: bool) -> None:
    """Repair what is stuck, missing, failing or old; each row only if it still is."""

    async def act(monitor: Monitor) -> int:
        plan = await monitor.plan_heal(only)
        if dry_run or plan.empty:
            if as_data:
                put_json({"version": 1, "plan": plan})
            else:
                put(shown(plan))
            if plan.empty and plan.unknown:
                return exits.of_fault(plan.unknown[0])
            return exits.DONE if plan.empty else exits.PARTLY
        if why := monitor.may(HEAL):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        progress = Progress()
        while True:
            word = must_type(HEAL, plan.rows, monitor.snapshot.project.name)
            if not confirmed(shown(plan), yes=yes, word=word):
                tell("nothing was changed")
                return exits.PARTLY
            try:
                with interruptible() as interruption:
                    result = await monitor.heal(plan, progress, interruption)
                break
            except PlanChanged as changed:
                tell("what there is to heal has changed meanwhile")
                plan = changed.plan
        progress.end()
        if as_data:
            put_json({"version": 1, "plan": plan, "result": result})
        else:
            put(result.text)
        if interruption.hit:
            return exits.INTERRUPTED
        return exits.PARTLY if result.skipped and result.done else exits.of_result(result)

    context.exit(once(configure(context), act))


def shown(plan: HealPlan) -> str:
    """The plan for people."""
    if plan.empty:
        return "\n".join((plan.nothing, *plan.notes))
    steps = [f"- {step.title}: {step.effect} ({plural(step.count, 'row')})" for step in plan.steps]
    return "\n".join((*steps, *plan.notes))
