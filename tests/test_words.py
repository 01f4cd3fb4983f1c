"""No text that a person may read says again what was said better: private words, old words, riddles."""

import re
from typing import Final

import pytest

from tests.sentences import Sentence, sentences

BANISHED: Final = {
    r"\banew\b": "again",
    r"\bmerely\b": "only",
    r"\bmeanwhile\b": "in the meantime",
    r"\bseldom\b": "rarely, or less often",
    r"\bunforeseen\b": "unexpected",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\blaps(?:e|es|ed|ing)\b": "dropped",
    r"\btak(?:e|es|en|ing) care\b": "acknowledge",
    r"\bset aside\b": "held back (tasks), moved aside (files)",
    r"\bstands? still\b|\bstood still\b": "is not updating, was not running",
    r"\bonly (?:looks|shows)\b": "read-only, or standby",
    r"\bback(?:s|ed)? out\b": "cancel",
    r"\bworks? off\b|\bworks? them off\b": "run",
    r"\bproves? nothing\b|\bfinds it down\b": "what is known, and what is not",
    r"\bby itself\b": "automatically, or separately",
    r"\bnobody (?:is told|left to tell)\b": "nobody is notified",
    r"\bbad (?:in a row|checks)\b": "critical",
    r", seen\b": "(read back)",
    r"\bat one door\b": "one cause",
    r"\bwell at present\b": "healthy",
    r"\bwants (?:a|the) (?:reason|word|project)\b": "asks for",
    r"something else came\b|\bmakes no sense\b": "expected X, got something else",
    r"\bis it still meant\b|\bstill meant\b": "confirm",
    r"\bit is there no more\b|\bwaits no more\b": "no longer",
}
"""What was banished, and what is said instead."""

SAID: Final = tuple(sentences())


def test_the_texts_are_read() -> None:
    assert len(SAID) > 2000


@pytest.mark.parametrize("words", BANISHED)
def test_what_was_banished_is_not_said_again(words: str) -> None:
    assert not _found(words, SAID), f"say instead: {BANISHED[words]}"


def test_what_is_said_again_is_named_with_its_place() -> None:
    old = Sentence("type it anew", "tui/dialogs/words.py", 7)
    assert _found(r"\banew\b", (*SAID, old)) == ["tui/dialogs/words.py:7: type it anew"]


def _found(words: str, said: tuple[Sentence, ...]) -> list[str]:
    return [f"{one.path}:{one.line}: {one.text}" for one in said if re.search(words, one.text, re.IGNORECASE)]
