"""Notes about a moment: from any process, none lost, refused where they cannot be written."""

import multiprocessing
import resource
from pathlib import Path

import pytest

from core.base.store import NotKept
from core.history.blackbox import Box
from tests.history.blackbox.pictures import DAY, NOON, after


def test_a_note_keeps_its_moment_its_writing_and_its_words(box: Box) -> None:
    first = box.note(NOON, "rolled back \x1b[31mthe release", "operator ann@desk", now=NOON + DAY)
    second = box.note(NOON - DAY, "earlier", "bob", now=NOON + 2 * DAY)
    assert (first.at, first.written_at, first.text) == (NOON, NOON + DAY, "rolled back ␛[31mthe release")
    assert box.notes(NOON - 2 * DAY, NOON + DAY) == (second, first)
    assert box.notes(NOON, NOON + DAY) == (first,)


def _add(place: Path, who: int) -> None:
    for number in range(25):
        Box(place).note(NOON + after(number), f"{who}-{number}", str(who))


def test_notes_of_many_processes_are_all_there(place: Path, box: Box) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=_add, args=(place, who)) for who in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found = {note.text for note in box.notes(NOON, NOON + DAY)}
    assert found == {f"{who}-{number}" for who in range(3) for number in range(25)}


def test_a_torn_note_is_cut_and_one_that_cannot_be_written_is_refused(place: Path, box: Box) -> None:
    first = box.note(NOON, "one", "ann", now=NOON)
    file = place / "notes.box"
    whole = file.read_bytes()
    box.note(NOON, "two", "ann", now=NOON)
    for end in range(len(whole), file.stat().st_size):
        file.write_bytes(file.read_bytes()[:end])
        assert box.notes(NOON, NOON + DAY) == (first,)
        box.note(NOON, "two", "ann", now=NOON)
        assert [note.text for note in box.notes(NOON, NOON + DAY)] == ["one", "two"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 5, before[1]))
    try:
        with pytest.raises(NotKept):
            box.note(NOON, "no room", "ann", now=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [note.text for note in box.notes(NOON, NOON + DAY)] == ["one", "two"]
