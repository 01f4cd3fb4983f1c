"""Which safety checks a task fails: by the newest result of each, told in words that stay short."""

from datetime import UTC, datetime, timedelta

from core.domain.records import SafetyCheck
from core.domain.safety_checks import failed_in_words, failed_of_many, failing, failing_first

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def check(kind: str, verdict: str, minutes: float | None = 0) -> SafetyCheck:
    """A result, so many minutes old."""
    at = None if minutes is None else NOW - timedelta(minutes=minutes)
    return SafetyCheck(id=f"{kind}{minutes}", at=at, check_type=kind, verdict=verdict)


def test_what_failed_and_passed_later_is_not_failing() -> None:
    checks = (
        *(check("build", "passed", 1), check("build", "failed", 5)),
        *(check("lint", "failed", 1), check("lint", "passed", 5)),
        *(check("tests", "failed", None), check("types", "", 1)),
    )
    assert [one.check_type for one in failing(checks)] == ["tests", "lint"]
    assert [one.verdict for one in failing_first(checks)][:2] == ["failed", "failed"]
    assert len(failing_first(checks)) == len(checks)


def test_words_are_short() -> None:
    assert failed_in_words(()) == ""
    assert failed_in_words([check("build_validation", "failed")]) == "1 safety check failed: build_validation"
    many = [check(f"kind {n}", "failed") for n in range(9)]
    assert failed_in_words(many) == "9 safety checks failed: kind 0, kind 1, kind 2, kind 3 and 5 more"
    assert len(failed_in_words([check("long " * 1_000, "failed")])) < 100


def test_of_several_tasks_each_kind_is_counted() -> None:
    one, other = [check("build", "failed")], [check("build", "failed"), check("lint", "failed")]
    assert failed_of_many([one, other, []]) == "2 of them fail safety checks: build (2), lint (1)"
    assert failed_of_many([one]) == "1 of them fails safety checks: build (1)"
    assert failed_of_many([[], []]) == ""
