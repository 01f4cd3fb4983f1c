"""Is running work still moving?"""

from core.facts import Verdict
from core.stuck import find_overdue
from core.text import plural, short
from core.watch.look import Look


async def stuck_tasks(look: Look) -> Verdict:
    """No running task is past its time and silent."""
    overdue = look.overdue = await find_overdue(look.live, look.now, look.stuck_rules)
    slow = f"; {plural(len(overdue.slow), 'slow one')}, still writing logs" if overdue.slow else ""
    if not overdue.stuck:
        return Verdict.ok(f"none of {overdue.running} running{slow}")
    oldest = overdue.stuck[0]
    since = f", longest {short(look.now - oldest.began_at)}" if oldest.began_at else ""
    unsure = "" if overdue.logs_visible else "; no logs visible to us, so only an operator's heal touches them"
    return Verdict.warning(f"{len(overdue.stuck)} of {overdue.running} running{since}{slow}{unsure}")
