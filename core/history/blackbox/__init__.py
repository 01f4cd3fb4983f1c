"""The black box: an always-on, bounded ring of snapshots on the disk. It knows the snapshot, not the display."""

from core.history.blackbox.course import Cell, Course, Stretch, Zoom, read_course, stretch_around
from core.history.blackbox.epoch import LevelSpan, WatchedSpan
from core.history.blackbox.marks import Mark, MarkKind, must_stay
from core.history.blackbox.notes import Note
from core.history.blackbox.reader import Box
from core.history.blackbox.recorder import Recorder
from core.history.blackbox.settings import ALIVE_S, GAP_S, BlackboxRules

__all__ = [
    "ALIVE_S",
    "GAP_S",
    "BlackboxRules",
    "Box",
    "Cell",
    "Course",
    "LevelSpan",
    "Mark",
    "MarkKind",
    "Note",
    "Recorder",
    "Stretch",
    "WatchedSpan",
    "Zoom",
    "must_stay",
    "read_course",
    "stretch_around",
]
