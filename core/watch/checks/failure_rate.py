"""How much of what finished has failed?"""

from datetime import timedelta

from core.facts import Verdict
from core.model import SuccessRate
from core.watch.look import Look
from core.watch.rules import WatchRules


async def failure_rate(look: Look) -> Verdict:
    """At most half of what finished within the window failed."""
    since = look.now - timedelta(hours=look.rules.window_h)
    return judge(await look.live.success_rate(since, look.now), look.rules)


def judge(rate: SuccessRate, rules: WatchRules) -> Verdict:
    """The verdict on a rate: too few, fine, above the warning line, above the critical one."""
    failed = rate.failed_percent
    if failed is None or rate.finished < rules.few_finished:
        return Verdict.ok(f"too few finished to tell ({rate.finished})")
    text = f"{failed:.1f} % of {rate.finished:,} failed in {rules.window_h:.0f} h"
    if failed > rules.failure_critical_percent:
        return Verdict.critical(text)
    return Verdict.warning(text) if failed > rules.failure_warning_percent else Verdict.ok(text)
