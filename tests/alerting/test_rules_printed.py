"""`alerts --rules` prints every rule with the numbers that hold, and needs no project."""

import json
import re
import string

from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.services.config import SECTIONS
from tests.running import Command


def test_every_rule_says_when_in_settings_that_there_are() -> None:
    for rule in rules(AlertRules()):
        assert rule.when, rule.name
        for _, placeholder, _, _ in string.Formatter().parse(rule.when):
            if placeholder:
                section, _, name = placeholder.partition(".")
                assert name in SECTIONS[section].__struct_fields__, placeholder


def test_what_hides_a_rule_is_a_rule_or_a_disabled_system() -> None:
    names = {rule.name for rule in rules(AlertRules())}
    assert {one for rule in rules(AlertRules()) for one in rule.hidden_by} <= names | {"disabled"}


def test_every_rule_is_printed_with_everything_about_it(command: Command) -> None:
    done = command("alerts", "--rules")
    assert (done.returncode, done.stderr) == (0, "")
    text = re.sub(r"\s+", " ", done.stdout)
    for rule in rules(AlertRules()):
        assert f"{rule.severity} {rule.name}: {rule.title}" in text
        assert f"to do {rule.runbook}" in text
    assert (
        "critical database_down: database down when the database check reports it down fires at once as high, critical"
        " once it has held for 10 min muted by notify_on_high_risk, notify_on_error"
    ) in text
    assert (
        "when less than 80 % of at least 5 tasks finished in 1 h were completed fires when it holds twice in a row, 1"
        " min apart inhibited by database_down, emergency_stop, disabled"
    ) in text
    assert "{" not in text.replace("{template_id", "").replace("{template,", "")


def test_the_numbers_are_those_of_the_configuration(command: Command) -> None:
    done = command("alerts", "--rules", WATCHDESK_ALERTS_BLIND_S="120", WATCHDESK_FAILURES_CRITICAL_PERCENT="70")
    text = re.sub(r"\s+", " ", done.stdout)
    assert "it is not known whether the project is down fires when it has held for 2 min" in text
    assert "more than 70 % of at least 5 tasks" in text


def test_the_rules_for_programs(command: Command) -> None:
    done = command("alerts", "--rules", "--json")
    found = {(one["name"], one["subject"]): one for one in json.loads(done.stdout)["rules"]}
    assert len(found) == len(rules(AlertRules()))
    braked = found["healing_braked", ""]
    assert (braked["severity"], braked["for_s"], braked["rises_s"]) == ("high", None, None)
    assert braked["muted_by"] == ["notify_on_high_risk", "notify_on_approval_needed"]
    down = next(one for (name, _), one in found.items() if name == "database_down")
    assert (down["begins"], down["severity"], down["for_s"], down["rises_s"]) == ("high", "critical", 0.0, 600.0)


def test_a_setting_that_cannot_be_is_refused(command: Command) -> None:
    done = command("alerts", "--rules", WATCHDESK_ALERTS_BLIND_S="soon")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: WATCHDESK_ALERTS_BLIND_S is not usable")
