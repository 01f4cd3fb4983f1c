"""What a person types becomes a filter, or one sentence that says what to do."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.prefixes import exactly
from core.domain.queries import (
    OWN_SORT,
    SORT_COLUMNS,
    Filter,
    FilterError,
    Listing,
    Table,
    filter_text,
    parse_filter,
    parse_sort,
)
from core.domain.row_details import COLUMN_CHARS, COLUMN_LINES, column
from core.domain.sorting import Sort, in_order
from tests.hostile import CONTROL, HOSTILE

UUID = "0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11"

READ: dict[str, tuple[str, Table, Filter]] = {
    "nothing": ("  ", Table.TASKS, Filter()),
    "words": ("broken login", Table.TASKS, Filter(words=("broken", "login"))),
    "a word twice": ("a a", Table.TASKS, Filter(words=("a",))),
    "quoted words": ('"broken login" now', Table.TASKS, Filter(words=("broken login", "now"))),
    "a status": ("status:failed", Table.TASKS, Filter(status=("failed",))),
    "either status": ("status:failed,pending", Table.TASKS, Filter(status=("failed", "pending"))),
    "a key twice": ("status:failed status:pending", Table.TASKS, Filter(status=("failed", "pending"))),
    "capitals": ("STATUS:Failed", Table.TASKS, Filter(status=("failed",))),
    "a status nobody knows": ("status:Paused", Table.TASKS, Filter(status=("Paused",))),
    "a type": ("type:bug_fix", Table.TASKS, Filter(kind=("bug_fix",))),
    "the beginning of a step": ("step:watchdog*", Table.LOGS, Filter(kind=("watchdog*",))),
    "an action": ("action:heal", Table.ORDERS, Filter(kind=("heal",))),
    "an action by the key's former name": ("order:heal", Table.ORDERS, Filter(kind=("heal",))),
    "a check": ("check:lint status:passed", Table.SAFETY, Filter(kind=("lint",), status=("passed",))),
    "a task": (f"task:{UUID.upper()}", Table.LOGS, Filter(task=UUID)),
    "a quoted value": ('type:"a, b",c', Table.TASKS, Filter(kind=("a, b", "c"))),
    "a key in quotes": ('"error: something"', Table.TASKS, Filter(words=("error: something",))),
    "an escaped quote": (r'"say \"no\" \\ \t"', Table.TASKS, Filter(words=('say "no" \\ \\t',))),
    "a time of day": ("12:30", Table.TASKS, Filter(words=("12:30",))),
    "a colon first": (":x", Table.TASKS, Filter(words=(":x",))),
    "what is left out": (
        "-status:failed,pending -login -type:bug_fix",
        Table.TASKS,
        Filter(
            but=(Filter(status=("failed", "pending")), Filter(words=("login",)), Filter(kind=("bug_fix",))),
        ),
    ),
    "a minus in quotes": ('"-x" -', Table.TASKS, Filter(words=("-x", "-"))),
    "who, risk and error": (
        'who:agent-1,human* risk:high error:"time out"',
        Table.TASKS,
        Filter(who=("agent-1", "human*"), risk=("high",), error=("time out",)),
    ),
    "a star that is one": ('type:"a*b" who:"ends*"', Table.TASKS, Filter(kind=(r"a\*b",), who=(r"ends\*",))),
    "a star behind quotes": ('type:"a b*"*', Table.TASKS, Filter(kind=(r"a b\**",))),
    "a backslash": (r"who:CORP\ann", Table.TASKS, Filter(who=(r"CORP\\ann",))),
    "a minus behind the key": ("type:-x", Table.TASKS, Filter(kind=("-x",))),
    "since and until": ("since:2h until:03:10", Table.LOGS, Filter(since="2h", until="03:10")),
    "a day with a blank": ('since:"yesterday 22:00"', Table.TASKS, Filter(since="yesterday 22:00")),
    "an age": ("age:>1h", Table.INBOX, Filter(until="1h")),
    "ages between": ("age:<2d age:>1h", Table.TASKS, Filter(since="2d", until="1h")),
    "what it took": ("took:>5min took:<1h", Table.LOGS, Filter(over="5min", under="1h")),
    "all together": (
        'login status:failed type:bug_fix "time out"',
        Table.TASKS,
        Filter(status=("failed",), kind=("bug_fix",), words=("login", "time out")),
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_typed_is_read(case: str) -> None:
    text, table, filtered = READ[case]
    assert parse_filter(text, table) == filtered


REFUSED: dict[str, tuple[str, Table, str]] = {
    "a key nobody knows": (
        "colour:red",
        Table.TASKS,
        "colour: is not a filter word here; use status:, type:, task:, who:, risk:, ",
    ),
    "no time": ("since:whenever", Table.TASKS, "since:whenever is no time: 03:10, yesterday 22:00"),
    "two times": ("since:2h since:3h", Table.TASKS, "the filter has since: more than once: keep only one"),
    "an age twice": ("age:>1h until:2h", Table.TASKS, "the same limit twice: keep only one of 1h and 2h"),
    "an age that compares with nothing": ("age:1h", Table.TASKS, "write age:>5min or age:<2h"),
    "a time that took long is none": ("took:>long", Table.LOGS, "write took:>5min or took:<2h"),
    "took is not of tasks": ("took:>5min", Table.TASKS, "took: is not a filter word here"),
    "a moment left out": ("-since:2h", Table.TASKS, "-since: cannot exclude anything"),
    "a key left out that nobody knows": ("-colour:red", Table.TASKS, "colour: is not a filter word here"),
    "a text like a key": ("error: something", Table.LOGS, "put the text in quotes"),
    "a key of another table": ("step:x", Table.TASKS, "step: is not a filter word here"),
    "no value": ("status: failed", Table.TASKS, "status: lacks a value: write it without a blank"),
    "a value missing": ("status:failed,", Table.TASKS, "status: lacks a value"),
    "an open quote": ('"broken login', Table.TASKS, "a quote is not closed"),
    "an empty word": ('""', Table.TASKS, "empty value"),
    "no task's id": ("task:42", Table.LOGS, "task:42 is not a task id"),
    "a task's id with more behind": (f"task:{UUID}x", Table.LOGS, "is not a task id"),
    "an id in braces": ("task:{" + UUID + "}", Table.LOGS, "is not a task id"),
    "two tasks": (f"task:{UUID} task:{UUID[::-1]}", Table.LOGS, "more than one task"),
    "a star amid": ("step:a*b", Table.LOGS, "works only at the end"),
    "a verdict no check has": ("status:pending", Table.SAFETY, "passed, failed, enabled, disabled"),
    "NUL": ("a\x00b", Table.TASKS, "invalid characters"),
    "half a character": ("a\ud83d", Table.TASKS, "invalid characters"),
    "five thousand characters": ("x" * 5000, Table.TASKS, "too long (5,000 characters)"),
    "too many words": (" ".join(f"word{i}" for i in range(40)), Table.TASKS, "too long"),
    "too many kinds": ("type:" + ",".join(f"kind{i}" for i in range(100)), Table.TASKS, "too long"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(case: str) -> None:
    text, table, told = REFUSED[case]
    with pytest.raises(FilterError) as refused:
        parse_filter(text, table)
    sentence = str(refused.value)
    assert told in sentence
    assert ": " in sentence  # what is wrong, and what to do
    assert not CONTROL.search(sentence)
    assert len(sentence) < 200


@given(st.text(max_size=40), st.sampled_from(Table))
def test_whatever_is_typed_gives_a_filter_or_a_sentence(text: str, table: Table) -> None:
    try:
        found = parse_filter(text, table)
    except FilterError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert parse_filter(filter_text(found, table), table) == found
    assert not CONTROL.search(refusal)


VALUES = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)
KINDS = VALUES.map(exactly) | VALUES.map(lambda text: f"{exactly(text)}*")


@given(
    st.builds(
        Filter,
        status=st.lists(VALUES.map(str.lower), max_size=2, unique=True).map(tuple),
        kind=st.lists(KINDS, max_size=2, unique=True).map(tuple),
        words=st.lists(VALUES, max_size=3, unique=True).map(tuple),
        task=st.sampled_from(["", UUID]),
        who=st.lists(KINDS, max_size=2, unique=True).map(tuple),
        risk=st.lists(VALUES, max_size=2, unique=True).map(tuple),
        error=st.lists(VALUES, max_size=2, unique=True).map(tuple),
        since=st.sampled_from(["", "2h", "yesterday 22:00"]),
        until=st.sampled_from(["", "03:10", "1d"]),
        but=st.lists(
            st.one_of(
                st.builds(Filter, status=st.tuples(VALUES.map(str.lower))),
                st.builds(Filter, words=st.tuples(VALUES)),
                st.builds(Filter, who=st.tuples(KINDS, KINDS).filter(lambda pair: pair[0] != pair[1])),
            ),
            max_size=1,
        ).map(tuple),
    )
)
def test_a_filter_as_text_is_read_as_the_same(filtered: Filter) -> None:
    assert parse_filter(filter_text(filtered, Table.TASKS), Table.TASKS) == filtered


def test_the_usual_order_is_by_age_and_another_tables_column_is_refused() -> None:
    assert all(
        Listing(table=table).sort == OWN_SORT[table] == Sort("age") for table in Table if table is not Table.INBOX
    )
    assert OWN_SORT[Table.INBOX] == Sort("age", descending=True)
    with pytest.raises(ValueError, match="tasks cannot be sorted by step"):
        Listing(table=Table.TASKS, sort=Sort("step"))


def test_an_order_is_typed_as_a_column_and_read_as_the_same() -> None:
    for table, columns in SORT_COLUMNS.items():
        for one in columns:
            for sort in (Sort(one.name), Sort(one.name, descending=True)):
                assert parse_sort(f"{sort}", table) == sort
                assert sort.turned.turned == sort
    with pytest.raises(FilterError, match="colour is not a column; use status, age, ended"):
        parse_sort("colour", Table.TASKS)


@given(st.lists(st.one_of(st.none(), st.integers(0, 5))), st.booleans())
def test_rows_sorted_here_keep_their_order_where_equal_and_come_last_without_a_value(
    values: list[int | None], descending: bool
) -> None:
    rows = list(enumerate(values))
    found = in_order(rows, lambda row: row[1], descending=descending)
    assert sorted(found) == rows
    known = [value for _, value in found if value is not None]
    assert known == sorted(known, reverse=descending)
    assert [value for _, value in found[len(known) :]] == [None] * (len(rows) - len(known))
    assert all(a[0] < b[0] for a, b in pairwise(found) if a[1] == b[1])


def test_a_column_keeps_its_lines_and_null_has_none() -> None:
    assert column("a", "one\r\ntwo\rthree\n").lines == ("one", "two", "three", "")
    assert column("a", None).lines == ()
    assert column("a", "").lines == ("",)
    assert column("a", True).lines == ("true",)


def test_json_is_indented_keeps_its_order_and_what_is_not_ascii() -> None:
    assert column("a", {"z": "é🙂", "a": [1, {}]}).lines == (
        "{",
        '  "z": "é🙂",',
        '  "a": [',
        "    1,",
        "    {}",
        "  ]",
        "}",
    )
    assert column("a", {"n": float("inf")}).lines == ('{"n": Infinity}',)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_control_of_a_hostile_text_is_left_in_a_column(name: str) -> None:
    text = HOSTILE[name]
    for shown in (column(text, text), column("a", {text: [text]}), column("a", [text])):
        assert not any(CONTROL.search(line) for line in (shown.name, *shown.lines))


def test_lone_surrogates_and_nul_of_json_are_made_visible() -> None:
    assert column("a", {"k\ud800": "\udfffx\x00"}).lines[1] == '  "k·": "·x\\u0000"'
    assert column("a", "\ud800\x00").lines == ("·␀",)


@pytest.mark.parametrize(
    ("text", "lines", "missing"),
    [
        ("x" * 1_000_000, 1, 1_000_000 - COLUMN_CHARS),
        ("\n" * 1_000, COLUMN_LINES, 1_000 - (COLUMN_LINES - 1)),
        ("ab\n" * 1_000, COLUMN_LINES, 3_000 - (3 * COLUMN_LINES - 1)),
    ],
    ids=["one line", "empty lines", "many lines"],
)
def test_a_long_column_is_cut_and_says_how_much_is_missing(text: str, lines: int, missing: int) -> None:
    cut = column("a", text)
    assert cut.cut
    assert len(cut.lines) == lines + 1
    assert cut.lines[-1] == f"… {missing:,} more characters"
    assert sum(map(len, cut.lines[:-1])) <= COLUMN_CHARS


def test_a_column_that_just_fits_is_whole() -> None:
    assert not column("a", "x" * COLUMN_CHARS).cut
    assert not column("a", "\n" * (COLUMN_LINES - 1)).cut
