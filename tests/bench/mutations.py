"""Plant faults in a copy of the product, one at a time, and see that the tests named beside each catch it.

`python -m tests.bench.mutations [WORD ...]`: those whose name has one of the words, else all. It needs minutes, and is no
part of `make test`: it tells whether a suite that was made faster still sees what it saw.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.running import ROOT


class Mutation(NamedTuple):
    """One fault: in `path`, `old` (which stands there once) becomes `new`. `tests` must fail of it."""

    name: str
    path: str
    old: str
    new: str
    tests: str


ACTIONS: Final = "tests/actions"
MUTATIONS: Final = (
    # Resilience
    Mutation("a breaker opens one failure late", "core/resilience/breaker.py", "if self.failures >= self._rules.failures_to_open:", "if self.failures > self._rules.failures_to_open:", "tests/resilience"),
    Mutation("a failed probe leaves it half open", "core/resilience/breaker.py", 'self._open(BreakerCause.PROBE_FAILED, "the probe failed", why, pause_s, start=self._clock.elapsed())', "pass", "tests/resilience"),
    Mutation("old failures never age out", "core/resilience/breaker.py", "self._clock.elapsed() - self._last_failure > self._ages_out_s", "False", "tests/resilience"),
    Mutation("a pause the server asked for is ignored", "core/resilience/breaker.py", "self._not_before = max(self._not_before, now + pause_s)", "pass", "tests/resilience"),
    Mutation("a live call is refused by a breaker", "core/resilience/guard.py", "if policy.refusable and breaker.refusing:", "if breaker.refusing:", "tests/resilience"),
    Mutation("a refused call counts as asked", "core/resilience/guard.py", "breaker.refused += 1", "pass", "tests/resilience"),
    Mutation("cached data is called live", "core/resilience/guard.py", "return Reading(value=decode(kept.value), source=Source.CACHED", "return Reading(value=decode(kept.value), source=Source.LIVE", "tests/resilience"),
    Mutation("a lost answer is not told from a late one", "core/resilience/guard.py", "fault = _LATE if progress.asking else progress.fault or _EARLY", "fault = progress.fault or _EARLY", "tests/resilience"),
    # Judging
    Mutation("too few finished tell all the same", "core/domain/failure_rate.py", "rate.finished >= rules.few_finished and", "", "tests/domain"),
    Mutation("the rate is reached, not passed", "core/domain/failure_rate.py", "failed > percent", "failed >= percent", "tests/domain"),
    Mutation("an old failure acts", "core/domain/failure_rate.py", "if failed_at is None or now - failed_at > timedelta(seconds=rules.recent_s):", "if failed_at is None:", "tests/domain"),
    Mutation("a failure before the resume acts", "core/domain/failure_rate.py", "since if lifted_at is None else max(since, lifted_at)", "since", "tests/services/test_autopilot_heals.py tests/actions/test_runner.py"),
    Mutation("our own failures act", "core/domain/failure_rate.py", "without_ours=True", "without_ours=False", "tests/domain"),
    Mutation("an estimate counts for nothing", "core/domain/stuck.py", "max(rules.after_s, rules.estimate_factor * estimate_s)", "rules.after_s", "tests/domain tests/actions/test_stuck_evidence.py"),
    Mutation("silence needs no proof", "core/domain/stuck.py", "if reads.sees_all or not silent", "if True", "tests/actions/test_stuck_evidence.py tests/services/test_autopilot_heals.py"),
    Mutation("signs of life are overlooked", "core/domain/stuck.py", "silent = tuple(t for t in late if t.id not in alive)", "silent = late", "tests/actions/test_stuck_evidence.py"),
    # The road of an action
    Mutation("observing writes", "core/actions/rights.py", "if action.writes and self._read_only.forbids():", "if False:", "tests/tui/serve/test_only_looks.py tests/actions/test_retry_matching.py"),
    Mutation("a served screen acts", "core/actions/rights.py", 'if self._read_only.only_looks and action.name != "check_now":', "if False:", "tests/tui/serve/test_only_looks.py"),
    Mutation("nothing is compared with what was shown", "core/actions/heal.py", "if self._shown is not None and not self._found.plan.same_targets(self._shown):", "if False:", "tests/actions/test_runner.py tests/services/test_running.py"),
    Mutation("a change is done although nothing changed", "core/actions/run.py", "return ResultPhase.VERIFIED if self.changed or self.turned else ResultPhase.UNCHANGED", "return ResultPhase.VERIFIED", f"{ACTIONS}/test_whose_flag.py {ACTIONS}/test_partial_results.py {ACTIONS}/test_two_at_once.py"),
    Mutation("refused rows are whole", "core/actions/run.py", "return not (self.refused or self.unknown", "return not (self.unknown", f"{ACTIONS}/test_undo.py {ACTIONS}/test_partial_results.py {ACTIONS}/test_heal_stop_resume.py"),
    Mutation("a lost answer is a failure", "core/actions/run.py", "done = await changed(ids) if not_live is not None else outcome.data or ()", "done = () if not_live is not None else outcome.data or ()", f"{ACTIONS}/test_lost_answers.py"),
    Mutation("no opening audit row", "core/actions/runner.py", "await trail.start(prepared.told, hurry=action.hurries)", "pass", f"{ACTIONS}/test_audit.py {ACTIONS}/test_runner.py"),
    Mutation("without its audit row it goes on", "core/actions/runner.py", "            if not action.hurries:\n                nothing", "            if False:\n                nothing", f"{ACTIONS}/test_retry_matching.py"),
    Mutation("connections rest for five seconds", "core/backend/client.py", "keepalive_expiry=REST_S", "keepalive_expiry=5.0", "tests/faults/test_resting.py"),
    Mutation("a connection outlives the machine's sleep", "core/backend/resting.py", "self._elapsed() - self._used_at_s > REST_S", "False", "tests/faults/test_resting.py"),
    Mutation("a write is sent again", "core/backend/resting.py", "and request.method in _REPEATABLE", "and True", "tests/faults/test_resting.py"),
    Mutation("a panel stands although an age changed", "tui/panels/panel.py", "min((STEADY_S, *steps))", "STEADY_S", "tests/tui/test_steady.py"),
    Mutation("a panel stands although its data changed", "core/domain/snapshot.py", "return all(map(operator.is_, _CONTENT(one), _CONTENT(other)))", "return True", "tests/tui/test_steady.py"),
    Mutation("a second Ctrl-C does nothing", "tui/cli/event_loop.py", "            os._exit(INTERRUPTED)", "            return", "tests/cli/test_event_loop.py"),
    Mutation("what is read seldom stays live in an outage", "core/services/readings.py", "lost = {name for name in self._slow if self.values[name].live}", "lost = set[str]()", "tests/services/test_check_service.py"),
    Mutation("a storm is in no bar before its bucket is over", "core/services/trends.py", "self._unanswered or self._failed() > self._failures", "self._unanswered", "tests/services/test_trends.py"),
    Mutation("a key before a dialog is drawn counts", "tui/dialogs/question.py", "not self._is_drawn or ", "", "tests/tui/test_early_and_late.py"),
    Mutation("what a handler raises ends the app", "tui/app/surviving.py", "module.invoke = _invoke", "module.invoke = invoke", "tests/tui/test_surviving.py"),
    Mutation("who shows how far it is can break it off", "core/actions/run.py", 'with boundary.around("showing how far an action has come"):', "if True:", "tests/actions/test_retry_matching.py"),
    Mutation("an overdue task waits for the next check", "core/monitor/scheduler.py", "self._parts.checks.news.any() or ", "", "tests/monitor/test_scheduler.py"),
    Mutation("every overdue task is checked at once", "core/services/news.py", " or self._context.clock.elapsed() - self._told_at[self._late] < _EVERY_S", "", "tests/services/test_check_service.py"),
    Mutation("what is kept last is not written at the end", "core/resilience/cache.py", "        self._write()\n        self._submit(self._disk.close)", "        self._submit(self._disk.close)", "tests/resilience"),
    Mutation("drawings of dialogs that are gone are kept", "tui/app/themed.py", "        forget_removed_widgets()", "        pass", "tests/tui/test_removed_widgets.py"),
    Mutation("an older fault is a try", "core/services/check_service.py", "self._readings.new_faults", "self._readings.faults()", "tests/services/test_attention.py"),
    Mutation("a cut at a span's end says nothing", "tui/rendering/text.py", "cells > left or (left and cells == left and plain(line[number:]).strip(\" \"))", "cells > left", "tests/tui/test_cut_texts.py"),
    Mutation("a stop ends nobody else", "core/actions/runner.py", "        self._stops += 1", "        pass", f"{ACTIONS}/test_requeue.py {ACTIONS}/test_clean_up.py {ACTIONS}/test_retry_matching.py"),
    Mutation("an event is not told", "core/actions/runner.py", "            self._tell(ActionEnded.of(result, str(actor), operation.reason))", "            pass", "tests/services/test_breaker_actions.py tests/actions/test_waiting.py tests/services/test_critical_streak.py tests/history/report/test_golden.py"),
    Mutation("an action that is broken off stays open", "core/actions/runner.py", "if self._is_gone(one, actor, wall):", "if False:", f"{ACTIONS}/test_audit.py {ACTIONS}/test_broken_off.py"),
    Mutation("one broken off from outside says nothing", "core/actions/runner.py", 'text = f"ended from outside; {run.text()}"', "return", f"{ACTIONS}/test_runner.py"),
    Mutation("another stop is lifted than the one meant", "core/actions/resume.py", "return StopMark.of(config) == self._meant", "return True", f"{ACTIONS}/test_requeue.py {ACTIONS}/test_waiting.py {ACTIONS}/test_heal_stop_resume.py {ACTIONS}/test_two_at_once.py"),
    Mutation("a requeue under a stop", "core/actions/requeue.py", "if config is not None and config.emergency_stop:\n            return self.refused", "if False:\n            return self.refused", f"{ACTIONS}/test_requeue.py"),
    Mutation("a stop does not wait for the project", "core/actions/runner.py", "if keep and action.keeps and result.phase in _UNHEARD:", "if False:", f"{ACTIONS}/test_waiting.py"),
    Mutation("an undo forgets who set dry-run since", "core/actions/undo.py", "if not to and (order.config_at is None or config.updated_at != order.config_at):", "if False:", f"{ACTIONS}/test_undo.py"),
    Mutation("a retry of another failure", "core/actions/retry_task.py", "if now.failed_at != shown.failed_at:", "if False:", f"{ACTIONS}/test_partial_results.py tests/cli/test_undo_retry_run.py"),
    Mutation("no word is asked for many rows", "core/domain/actions.py", "return project if rows > TYPED_ABOVE else None", "return None", "tests/tui/test_dialogs.py"),
    Mutation("a stop without its word", "core/domain/actions.py", "return action.word or project", "return None", "tests/tui/test_dialogs.py tests/tui/test_bursts.py"),
    # Writes repeat their condition
    Mutation("a finished task is failed", "core/backend/writes/tasks.py", 'query = query.eq("status", "in_progress")\n', 'query = query\n', "tests/backend tests/actions/test_two_at_once.py tests/actions/test_runner.py"),
    Mutation("a task that is retried is none that failed", "core/backend/writes/tasks.py", '.in_("id", some(ids)).eq("status", "failed")', '.in_("id", some(ids))', f"tests/backend {ACTIONS}/test_retry_matching.py"),
    Mutation("a lease is taken from its holder", "core/backend/writes/__init__.py", 'return query.eq("input_data->>token", expected).select("id")', 'return query.select("id")', f"{ACTIONS}/test_lease.py"),
    Mutation("a lease that ran out still acts", "core/actions/lease.py", "bool(self._token) and self._clock.elapsed() - self._began < self._trusted_s", "bool(self._token)", f"{ACTIONS}/test_lease.py"),
    Mutation("a project proven down is called live", "core/services/connection.py", "        if self._proof:\n            return LinkWord.OFFLINE", "        if False:\n            return LinkWord.OFFLINE", "tests/services tests/tui/test_dashboard.py"),
    Mutation("an old picture is called live", "core/services/connection.py", "late = self._tries > 0 and self._clock.elapsed() - self._live > self._stale_after_s", "late = False", "tests/services tests/faults"),
    Mutation("a repair acts although it does not say so", "core/services/automatic_heal.py", "only: Collection[str] = AUTOMATIC", "only: Collection[str] = ()", "tests/services/test_autopilot_heals.py"),
    # Alerts and time
    Mutation("a mail is sent again at once", "core/alerting/outbox.py", "_FIRST_S * 2.0 ** min(message.tries, 10)", "0.0", "tests/alerting"),
    Mutation("a mail is never given up", "core/alerting/outbox.py", "self._clock.now() - message.at >= GIVEN_UP", "False", "tests/alerting"),
    Mutation("a silence never ends", "core/alerting/silences.py", "(held := one.holding(now)) is not None", "(held := one.holding(now) or SilencePeriod(one.at, one.until))", "tests/alerting"),
    Mutation("an acknowledgement is for ever", "core/alerting/silences.py", "and -SKEW < now - ack.at < timedelta(seconds=settings.ack_s)", "and True", "tests/alerting"),
    Mutation("an old reading fires what is over", "core/alerting/state_machine.py", "if any(name == key and read_at <= at for", "if any(False for", "tests/alerting/test_rules.py"),
    # Screen
    Mutation("a hostile byte reaches the terminal", "core/base/text.py", "_HIDDEN.sub(_visible, raw[:limit])", "raw[:limit]", "tests/base tests/tui/test_text.py"),
    Mutation("a key too early acts", "tui/dialogs/question.py", "if self.fresh(at) or (pushes and self._repeats(at)):", "if False:", "tests/tui/test_dialogs.py tests/tui/test_bursts.py"),
    Mutation("a stop asked for twice stops again later", "tui/terminal/driver.py", 'self._loop.call_soon(self._asked.discard, "stop")', 'self._loop.call_soon(self._stop)', "tests/tui/test_signals.py"),
    Mutation("a key counts by when it is taken up", "tui/dialogs/question.py", "max(0.0, events.Event().time - event.time)", "0.0", "tests/tui/test_bursts.py"),
    Mutation("a question counts from when it is put", "tui/dialogs/frame.py", "            tell()\n", "", "tests/tui/test_bursts.py"),
    Mutation("a check is drawn by its verdict alone", "core/domain/check_rows.py", "row = min(row, other, key=lambda one: one.rank)", "pass", "tests/tui/test_check_rows.py"),
    Mutation("what somebody has is named before what nobody has", "core/domain/wrong.py", "key=lambda one: (one.over, bool(one.care))", "key=lambda one: one.over", "tests/domain/test_wrong.py tests/domain/test_state_word.py"),
    Mutation("the last completion is older than a row below it", "core/domain/newest_known.py", "if told.value is None or at > told.value:", "if told.value is None:", "tests/tui/test_newest_known.py"),
    Mutation("an outage is no excuse for missing health rows", "core/alerting/conditions.py", "known_s = age_s if facts.answers_for_s is None else min(age_s, facts.answers_for_s)", "known_s = age_s", "tests/alerting/test_rules.py"),
    Mutation("a heal that puts the agents into dry-run is no alert", "core/alerting/conditions.py", "Truth.of(bool(text)), text, at=facts.config_at", "Truth.FALSE, text, at=facts.config_at", "tests/alerting/test_rules.py tests/services/test_autopilot_heals.py"),
    Mutation("dull events push failures out", "core/services/events.py", "found[index].weight, -index", "-index, found[index].weight", "tests/services/test_event_log.py"),
    Mutation("connections of one caller are without bound", "tui/service/endpoint.py", "if len(self._open) >= _MOST_OPEN else None", "if False else None", "tests/tui/service/test_endpoint.py"),
    Mutation("a held key goes through what acts", "tui/dialogs/question.py", "(pushes and self._repeats(at))", "False", "tests/tui/test_dialogs.py"),
    Mutation("a plan of something else is carried out", "tui/dialogs/action_dialog.py", "and not self._outdated() ", "", "tests/tui/test_arguments.py"),
    Mutation("a word for another plan counts", "tui/dialogs/dialog.py", "                self._ask_anew()", "                pass", "tests/tui/test_dialogs.py"),
    # What watching costs
    Mutation("a longer pause is silence", "core/services/connection.py", "since if since > self._blind_after_s + self._longer_s else None", "since if since > self._blind_after_s else None", "tests/services/test_attention.py"),
    Mutation("who is back waits for the next refresh", "core/monitor/scheduler.py", "if self.ready and self._pace.period_s() < before:", "if False:", "tests/services/test_attention.py"),
    Mutation("trouble is read as seldom as calm", "core/services/attention.py", "step = 0 if looked or not well else", "step = 0 if looked else", "tests/services/test_attention.py"),
    Mutation("the budget changes nothing", "core/monitor/after_refresh.py", "parts.attention.over_budget = parts.cost.cost.over", "pass", "tests/services/test_own_cost.py"),
    Mutation("bodies are not counted", "core/backend/traffic.py", "+ answer.num_bytes_downloaded", "", "tests/services/test_own_cost.py"),
    Mutation("a lacking column hides its table", "core/backend/selection.py", "self._lacking[table] = self._lacking.get(table, frozenset()) | {found[1]}\n        return True", "return False", "tests/backend/test_selection.py"),
    Mutation("one odd document hides its page", "core/backend/selection.py", "return not asked.whole", "return False", "tests/backend/test_selection.py"),
    Mutation("a list reads its JSON whole", "core/backend/log_rows.py", '*(f"{name}:{path}" for name, path in paths.items())', '*(f"{name}:{path}" for name, path in paths.items()), "input_data"', "tests/backend/test_selection.py"),
    # What a refresh asks for
    Mutation("a page that was cut off is taken for whole", "core/services/newest_page.py", "missing or len(found) >= min(self._limit, self._full_rows) or", "missing or", "tests/services/test_newest_rows.py tests/services/test_newest_page.py"),
    Mutation("a row that went stays on the page", "core/services/newest_page.py", "if missing or", "if", "tests/services/test_newest_rows.py"),
    Mutation("an unfinished row is taken for final", "core/services/readings.py", "settled=lambda task: task.status in FINISHED", "settled=lambda task: True", "tests/services/test_newest_rows.py"),
    Mutation("an action changes no final row", "core/services/readings.py", 'if _actions(readings["logs"].value) - known:', "if False:", "tests/services/test_newest_rows.py"),
    Mutation("distrust during a read is forgotten", "core/services/newest_page.py", "if distrusted == self._distrusted:", "if True:", "tests/services/test_newest_page.py"),
    Mutation("another process's rows are known to our pages", "core/services/readings.py", "        self._refresh_of |= dict.fromkeys(taken, this)\n        self._distrust_pages()", "        self._refresh_of |= dict.fromkeys(taken, this)", "tests/services/test_shared_reads.py"),
    Mutation("old values are taken over", "core/services/readings.py", "if own.at is not None and kept.at <= own.at:", "if False:", "tests/services/test_shared_reads.py"),
    Mutation("a line that fails is called live by another's", "core/services/check_service.py", "if self._connection.down or self._connection.failing:", "if False:", "tests/services/test_shared_reads.py"),
    Mutation("a page is a count", "core/backend/reads/outcomes.py", "return _rate(rows, now - since) if total == len(rows) else None", "return _rate(rows, now - since)", "tests/backend/test_task_counts.py"),
    Mutation("a crowd is what a page holds of it", "core/backend/reads/task_counts.py", "if total == page.total():", "if True:", "tests/backend/test_task_counts.py"),
    Mutation("an enum is asked by ranges", "core/backend/reads/task_counts.py", "if page.keys() & {*ENDED, *apart}:", "if False:", "tests/backend/test_task_counts.py"),
    Mutation("a plan is believed at once", "core/backend/api_calls.py", "if planned > EXACT_UP_TO and await self._is_large(operation, build):", "if planned > EXACT_UP_TO:", "tests/backend/test_task_counts.py"),
    Mutation("an empty overview proves that nothing is there", "core/services/overview.py", "Outcome(fault=faults[name].fault) if name in faults else", "", "tests/services/test_overview.py"),
    Mutation("a function that fails is asked on and on", "core/services/overview.py", "self._clock.elapsed() >= self._again_at", "True", "tests/services/test_overview.py"),
    Mutation("what is hidden from a check is not there", "core/checks/context.py", "return found if found is not None and found.proven else None", "return found", "tests/services/test_checks_at_once.py"),
    Mutation("what began long ago is not looked at", "core/domain/stuck.py", "since is not None and since >= soonest", "True", "tests/domain/test_task_overview.py"),
    Mutation("more run than were looked at", "core/backend/reads/overview.py", "if tasks > MOST_RUNNING or (tasks and since is None):", "if tasks and since is None:", "tests/services/test_checks_at_once.py"),
    Mutation("a check judges an estimate", "core/domain/task_overview.py", "self.success.exact and", "", "tests/domain/test_task_overview.py"),
    Mutation("what is in question is not asked by itself", "core/services/check_service.py", "one.key in CHECKED and", "False and", "tests/services/test_checks_at_once.py"),
    Mutation("a check that refreshed leaves the next refresh where it was", "core/monitor/scheduler.py", "while not asked and (due_s", "if not asked and (due_s", "tests/services/test_checks_at_once.py"),
    Mutation("what was many once is planned for ever", "core/backend/reads/overview.py", "elif status not in many:", "else:", "tests/services/test_overview.py"),
    Mutation("a function of another version is asked", "core/backend/schema.py", 'Truth.TRUE if told.get("version") == OVERVIEW_VERSION else Truth.UNKNOWN', "Truth.TRUE", "tests/services/test_overview.py"),
    Mutation("the log tells of what it does not reach back to", "core/services/recent_log.py", "if self._since is None or self._since >= since:", "if self._since is None:", "tests/services/test_recent_log.py"),
    Mutation("pages with a gap between them tell of it", "core/services/recent_log.py", "or not page & self._page:", "or False:", "tests/services/test_recent_log.py"),
    Mutation("a row of the future joins pages", "core/services/recent_log.py", "{entry.id for entry, at in entries if at <= now}", "{entry.id for entry, at in entries}", "tests/services/test_recent_log.py"),
    Mutation("an open row is never read again", "core/services/browsing.py", "if await self.ask(record) == of(known):", "if True:", "tests/services/test_shared_reads.py"),
    Mutation("a calm lease runs out", "core/actions/lease.py", "min(2 * self._rules.renew_s, self._trusted_s - again_s)", "3 * self._rules.renew_s", "tests/actions/test_lease.py"),
    Mutation("a connection that has ended is used again", "core/backend/resting.py", "return self._has_ended() if", "return False if", "tests/faults/test_resting.py"),
    Mutation("a slow value is asked for as often as any", "core/services/slow_reads.py", "max(self._rules.slow_period_s * (1 - self._rules.jitter), spared_s)", "self._rules.slow_period_s * (1 - self._rules.jitter)", "tests/services/test_slow_reads.py"),
    Mutation("a value that fails slowly is asked for at once", "core/services/slow_reads.py", "min(LONGEST_FAILING_S, took_s * 2**times)", "0", "tests/services/test_slow_reads.py"),
    Mutation("a refresh waits for slow values", "core/services/readings.py", "timeout=patience_s", "timeout=None", "tests/services/test_slow_reads.py"),
    Mutation("a join that takes too long is made again", "core/backend/sizes.py", "self.slow_joins = self.slow_joins or", "False and", "tests/backend/test_simulated.py"),
    Mutation("log rows that were cut off hide a simulation", "core/backend/reads/simulated_tasks.py", "        found |= named\n", "        found |= named\n        break\n", "tests/backend/test_simulated.py"),
    Mutation("an index less", "core/backend/sql/indexes.sql", "ON public.autonomous_tasks (status, completed_at DESC) WHERE completed_at IS NOT NULL", "ON public.autonomous_tasks (status, priority)", "tests/backend/test_plans.py"),
    Mutation("failures come first by the function", "core/backend/sql/stats.sql", "WHERE t.status = one AND ($simulated) IS NOT TRUE\n              AND (t.completed_at >= since", "WHERE ($simulated) IS NOT TRUE\n              AND (t.completed_at >= since", "tests/services/test_overview.py"),
    # Chosen tasks
    Mutation("what changed since it was shown is changed", "core/actions/task_change.py", "raise PlanChanged(await self._plan_of(shown.ids, shown.more))", "pass", f"{ACTIONS}/test_task_changes.py"),
    Mutation("a digest does not see the risk", "core/backend/reads/chosen_tasks.py", "if name not in _NOT_DECIDING", "if name not in {*_NOT_DECIDING, 'risk_level'}", f"{ACTIONS}/test_task_changes.py"),
    Mutation("what waits no more is approved", "core/backend/writes/tasks.py", 'return query.eq("status", "awaiting_review").select("id")', 'return query.select("id")', f"{ACTIONS}/test_task_changes.py"),
    Mutation("an approved task needs approval", "core/backend/writes/tasks.py", 'change = {"status": "pending", "requires_approval": False}', 'change = {"status": "pending"}', f"{ACTIONS}/test_task_changes.py"),
    Mutation("a risky approval is not typed", "core/actions/task_release.py", "plan.rows > TYPED_ABOVE or any(one.risky for one in plan.chosen)", "plan.rows > TYPED_ABOVE", f"{ACTIONS}/test_task_changes.py"),
    Mutation("what another run approved is taken back", "core/backend/reads/chosen_tasks.py", "if reviewed is not None:", "if False:", f"{ACTIONS}/test_task_changes.py"),
    Mutation("what is left for another run is not said", "core/actions/task_change.py", "run.left_over = self.agreed.more", "pass", f"{ACTIONS}/test_task_changes.py"),
    Mutation("a running task that was cancelled is given back", "core/actions/cancel.py", 'marks = Markers(begins=(_mark(undone, "pending"),))', 'marks = Markers(begins=(f"{CANCELLED}{undone}",))', f"{ACTIONS}/test_task_changes.py"),
    Mutation("null matches what is left out", "core/backend/conditions.py", "or({column}.is.null,{column}.not.{operator}.{value})", "{column}.not.{operator}.{value}", "tests/backend/test_lists.py"),
    Mutation("numbers tell causes apart", "core/domain/task_groups.py", '(r"\\d+(?:[.,:]\\d+)*", "<n>"),', "", "tests/domain/test_task_groups.py"),
    Mutation("one cause retries all", "core/actions/retry_matching.py", "if self._tasks and all(map(is_uuid, self._tasks)):", "if False:", "tests/cli/test_tasks.py"),
    # What the shifts found
    Mutation("a storm waits for the next check", "core/services/news.py", "return failed >= max(_FAILED, len(ended) / 2)", "return False", "tests/services/test_news.py"),
    Mutation("slowness makes a check a refresh", "core/services/news.py", "return self._told_at[self._slow] < self._slow_since", "return True", "tests/services/test_news.py"),
    Mutation("alerts wait for their time whatever changed", "core/monitor/scheduler.py", "            self._alerts_now.set()", "            pass", "tests/monitor/test_scheduler.py"),
    Mutation("two evaluations at once are two", "core/alerting/state_machine.py", "or held_s >= self._settings.evaluate_s / 2)", "or True)", "tests/alerting/test_rules.py"),
    Mutation("what comes back is acknowledged already", "core/alerting/state_machine.py", "and other.episode and later:", "and other.episode:", "tests/alerting/test_rules.py"),
    Mutation("what nobody has and comes back is a message each time", "core/alerting/state_machine.py", "        if not alert.acked:\n            return msgspec.structs.replace(alert, over=False), None\n", "", "tests/alerting/test_rules.py"),
    Mutation("a long pause is late after each refresh", "core/monitor/scheduler.py", "if self._calm and not self._pace.is_well()", "if not self._pace.is_well()", "tests/monitor/test_scheduler.py"),
    Mutation("an action is about statuses that the filter leaves out", "tui/actions/tasks.py", "if not given.status or one in given.status", "if True", "tests/tui/test_meant_tasks.py"),
    Mutation("a refused count is repeated each minute", "core/services/trends.py", "self._unanswered or not_live.fault.evidence is not Evidence.ALIVE", "True", "tests/services/test_trends.py"),
    Mutation("a question that did not leave ends the proof", "core/services/check_service.py", " or database.open)", ")", "tests/checks/test_database.py"),
    Mutation("a stop goes on for as long as tasks are filed", "core/actions/emergency_stop.py", 'return self._until if status == "pending" else None', "return None", f"{ACTIONS}/test_emergency_stop.py"),
    Mutation("a state is since what was milder", "core/services/state_since.py", "as_grave = [self._wrong[one.subject, level]", "as_grave = [self._wrong[one.subject, Level.WARNING]", "tests/services/test_state_since.py"),
    Mutation("a state's time jumps while something is wrong", "core/services/state_since.py", "at, seen = min((self._runs[state], *(as_grave", "at, seen = min((now, *(as_grave", "tests/services/test_state_since.py"),
    Mutation("an earlier run's end counts", "core/domain/records.py", "return None if self.status in _OPEN else self.completed_at", "return self.completed_at", "tests/tui/test_task_rows.py"),
    Mutation("a page that stays is sorted all the same", "core/services/newest_page.py", "if not found and len(known.settled) == len(rows):", "if not found:", "tests/services/test_newest_page.py tests/services/test_newest_rows.py"),
    # Paused, simulated, valued tasks
    Mutation("one that ran for real stays simulated", "core/backend/reads/simulated_tasks.py", "found -= await _logged(calls, [row_id(row) for row in rows], done_for_real)", "pass", "tests/backend/test_simulated.py"),
    Mutation("the end of a dry run proves that it ran for real", "core/backend/simulated.py", '.neq(f"{within}environment", "dry_run")', "", "tests/backend/test_simulated.py"),
    Mutation("the function takes a run for real for simulated", "core/backend/overview_sql.py", " AND (t.result IS NULL OR NOT {done})", "", "tests/services/test_overview.py"),
    Mutation("what was done for real is requeued as simulated", "core/actions/requeue_simulated.py", "return frozenset().union(*parts)", "return frozenset(ids)", f"{ACTIONS}/test_requeue_simulated.py"),
    Mutation("a later completion is requeued", "core/backend/writes/tasks.py", '.eq("status", "completed")\n            return query.or_(over_by("completed_at", until)).select("id")', '.eq("status", "completed")\n            return query.select("id")', f"{ACTIONS}/test_requeue_simulated.py"),
    Mutation("an undo takes what a later run requeued", "core/actions/requeue_simulated.py", "ids = of_run.ids.difference(*(tasks for part in taken for tasks in part.values()))", "ids = of_run.ids", f"{ACTIONS}/test_requeue_simulated.py"),
    Mutation("a value is set on what an agent has begun", "core/backend/writes/tasks.py", '.update({column: value}).in_("id", some(ids)).in_("status", list(statuses))', '.update({column: value}).in_("id", some(ids))', f"{ACTIONS}/test_task_values.py"),
    Mutation("an undo sets a value that somebody changed since", "core/backend/reads/chosen_tasks.py", "query = has_value(c.table(TASKS).select(\"id\").in_(\"id\", list(ids)), column, value)", "query = c.table(TASKS).select(\"id\").in_(\"id\", list(ids))", f"{ACTIONS}/test_task_values.py"),
    Mutation("what is paused waits for a review", "core/backend/reads/list_columns.py", "        without=PAUSED,\n", "", f"{ACTIONS}/test_pause_type.py"),
    Mutation("what is paused is approved", "core/actions/task_change.py", "if one.task.state in self.statuses)", "if one.task.status in self.statuses)", f"{ACTIONS}/test_pause_type.py"),
    Mutation("a pause goes with the old log", "core/backend/writes/__init__.py", '.not_.in_("execution_step", list(STATES))', '.neq("execution_step", LEASE)', f"{ACTIONS}/test_pause_type.py"),
    Mutation("another type is set aside too", "core/backend/writes/tasks.py", 'return query.eq("status", "pending").eq("task_type", task_type)', 'return query.eq("status", "pending")', f"{ACTIONS}/test_pause_type.py"),
    Mutation("without the lease it is set aside", "core/services/paused_types.py", '_WITHOUT: Final = {"autonomous", "dry_run", "brake"}', '_WITHOUT: Final = {"autonomous", "dry_run", "brake", "lease"}', f"{ACTIONS}/test_pause_type.py"),
    Mutation("what may not be set aside is tried at each check", "core/services/paused_types.py", "if not result.changed:", "if False:", f"{ACTIONS}/test_pause_type.py"),
    Mutation("a task of before is taken for the one just created", "core/backend/reads/tasks.py", 'return query.gte("created_at", stamp(since)).order("created_at", desc=True).limit(_LOOKED_AT)', 'return query.order("created_at", desc=True).limit(_LOOKED_AT)', f"{ACTIONS}/test_create_task.py"),
    Mutation("who was not chosen is healed", "core/actions/repairs/repair.py", "if not self.chosen or task.id in self.chosen)", ")", f"{ACTIONS}/test_heal_rows.py"),
)  # fmt: skip


def planted(mutation: Mutation, copy: Path) -> str:
    """Plant one fault in the copy. Return the text as it was. Raises SystemExit where the place is not there once."""
    path = copy / mutation.path
    text = path.read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.name}: {mutation.path} has the place {text.count(mutation.old)} times, not once")
    path.write_text(text.replace(mutation.old, mutation.new))
    return text


def main(words: list[str]) -> int:
    """Try the mutations, print a line each, and return how many slipped through."""
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    slipped = 0
    with tempfile.TemporaryDirectory(prefix="watchdesk-mutations-") as place:
        copy = Path(place) / "copy"
        copy.mkdir()
        for name in ("core", "tui", "tests", "README.md", "CHANGELOG.md", "pyproject.toml", "Makefile"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        for one in chosen:
            began, text = time.monotonic(), planted(one, copy)
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", *one.tests.split()]
            done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
            (copy / one.path).write_text(text)
            caught = any(line.startswith("FAILED") for line in done.stdout.splitlines())
            slipped += not caught
            print(f"{'caught ' if caught else 'SLIPPED'} {time.monotonic() - began:5.0f} s  {one.name}", flush=True)
    print(f"{len(chosen) - slipped} of {len(chosen)} caught")
    return slipped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
