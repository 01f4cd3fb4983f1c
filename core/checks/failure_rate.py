"""Checks the share of finished work that failed."""

from datetime import timedelta

from core.base.text import amount
from core.checks.context import CheckContext
from core.domain.counts import SuccessRate
from core.domain.failure_rate import FailureRules
from core.domain.failure_rate import failure_rate as rate_now
from core.domain.status import Verdict


async def failure_rate(context: CheckContext) -> Verdict:
    """Check that at most half of what finished within the window failed."""
    now, rules, told = context.now, context.failure_rules, await context.told()
    known = None if told is None else told.success_within(timedelta(hours=rules.window_h))
    context.success = known or await rate_now(context.live.outcomes, now, rules)
    return judge(context.success, rules)


def judge(rate: SuccessRate, rules: FailureRules) -> Verdict:
    """Return the verdict on a rate: too few finished, fine, above the warning line, above the critical one."""
    failed = rate.failed_percent
    if failed is None or rate.finished < rules.few_finished:
        return Verdict.ok(f"too few finished to tell ({rate.finished})")
    text = f"{failed:.1f} % of {amount(rate.finished, exact=rate.exact)} failed in {rules.window_h:.0f} h"
    if failed > rules.critical_percent:
        return Verdict.critical(text)
    return Verdict.warning(text) if failed > rules.warning_percent else Verdict.ok(text)
