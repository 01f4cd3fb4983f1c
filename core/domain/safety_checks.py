"""The safety checks that a task fails: by the newest result of each."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from core.base.text import clean, plural
from core.domain.records import SafetyCheck

_NAMED: Final = 4
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def failing(checks: Iterable[SafetyCheck]) -> tuple[SafetyCheck, ...]:
    """Return the checks of one task that it fails: one that failed and passed later is none of them."""
    newest: dict[tuple[str, str], SafetyCheck] = {}
    for check in sorted(checks, key=lambda one: one.at or _NEVER):
        newest[check.check_type, check.name] = check
    return tuple(one for one in newest.values() if one.verdict == "failed")


def failing_first(checks: Sequence[SafetyCheck]) -> list[SafetyCheck]:
    """Return the checks of one task, those that it fails before the others."""
    failed = failing(checks)
    return [*failed, *(one for one in checks if one not in failed)]


def may_block(failed: Iterable[SafetyCheck]) -> bool:
    """Return whether one of the checks that a task fails is blocking, or may be: results do not say."""
    return any(check.blocking is not False for check in failed)


def failed_in_words(failed: Collection[SafetyCheck]) -> str:
    """Return which checks a task fails, in words; empty for none."""
    if not failed:
        return ""
    return f"{plural(len(failed), 'safety check')} failed: {_listed([one.check_type or one.name for one in failed])}"


def failed_of_many(failed: Sequence[Collection[SafetyCheck]]) -> str:
    """Return how many of several tasks fail any check, and which how often; empty where none does."""
    tasks = [one for one in failed if one]
    if not tasks:
        return ""
    counted = Counter(check.check_type or check.name for one in tasks for check in one).most_common()
    named = _listed([f"{name} ({many:,})" for name, many in counted])
    return f"{plural(len(tasks), 'of them fails', 'of them fail')} safety checks: {named}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(clean(name, 60) for name in names[:_NAMED])}{more}"
