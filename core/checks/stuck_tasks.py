"""Checks that running work is still moving."""

from core.base.text import over, plural
from core.checks.context import CheckContext
from core.domain.status import Verdict
from core.domain.stuck import find_overdue, none_overdue


async def stuck_tasks(context: CheckContext) -> Verdict:
    """Check that no running task is past its time and silent, as far as its silence can be proven."""
    now, rules, told = context.now, context.stuck_rules, await context.told()
    known = None if told is None or told.running is None else none_overdue(*told.running, now, rules)
    overdue = context.overdue = known or await find_overdue(context.live.tasks, now, rules)
    slow = f"; {plural(len(overdue.slow), 'slow one')}, still writing logs" if overdue.slow else ""
    if not overdue.silent:
        return Verdict.ok(f"none of {overdue.running} running{slow}")
    oldest = overdue.silent[0]
    since = f", longest {over(now - oldest.began_at)}" if oldest.began_at else ""
    whose = "" if not overdue.stuck else f" of {len(overdue.unproven)}"
    unsure = f"; the logs{whose} are not visible to this account, so they are not healed automatically"
    unsure = unsure if overdue.unproven else ""
    return Verdict.warning(f"{len(overdue.silent)} of {overdue.running} running{since}{slow}{unsure}")
