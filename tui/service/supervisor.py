"""One process for each project: begins them, hears their lines, and begins them again if they end or hang."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from core.base.text import LINE_CHARS, clean, short
from core.domain.project_row import ProjectRow
from core.domain.snapshot import WORST_FIRST, State
from tui.service.forks import Forks
from tui.service.lines import ROW
from tui.service.restarts import RestartRules

log = logging.getLogger(__name__)

_LINE_BYTES: Final = 1 << 20
_LOOK_S: Final = 0.5
_STOOD_S: Final = 5.0
"""If its own turns are so far apart, the machine slept or this process was stopped: nobody else hangs."""
_APART_S: Final = 0.25
"""The seconds between two beginnings, so that they do not all use the processor at once."""
_CLOSE_S: Final = 1.0
_LAST_WORDS_S: Final = 1.0
_NAME_CHARS: Final = 80
_PERSON: Final = 2
"""The exit code of what a person must change."""


class ProjectView(msgspec.Struct, frozen=True, kw_only=True):
    """How one project is, and its process. `metrics`: the last it told, `heard_s` ago.

    `name`: as the settings have it. `trouble`: why no monitor tells of it now, and what follows; empty: one does.
    """

    name: str
    row: ProjectRow
    pid: int | None = None
    heard_s: float = 0.0
    trouble: str = ""
    metrics: str = ""


class _ProjectProcess:
    """What is known of one project and of its process."""

    def __init__(self, project: str) -> None:
        self.row = ProjectRow(project=clean(project, _NAME_CHARS), why="its monitor is starting")
        self.id: int | None = None
        self.pid: int | None = None
        self.reading: asyncio.Task[None] | None = None
        self.metrics = ""
        self.begun = False
        """It was heard of, or has ended: nobody waits for it any more."""
        self.began_s = self.heard_s = self.due_s = self.pause_s = 0.0
        self.why = ""
        """Why it has ended, in words; empty while it runs."""
        self.last_words = ""
        self.killed = ""

    def trouble(self, now_s: float, rules: RestartRules) -> str:
        if self.why:
            left_s = self.due_s - now_s
            return f"{self.why}; next start {f'in {short(left_s)}' if left_s >= 1 else 'now'}"
        if self.id is not None and rules.hangs(now_s - self.heard_s):
            return f"its monitor (pid {self.pid or '?'}) has given no sign of life for {short(now_s - self.heard_s)}"
        return ""


class Supervisor:
    """Looks after a process for each project on an event loop. One's trouble never touches another.

    `projects` returns their names, and is asked again by `read_again`. `program` is what the processes are forked from,
    `about` what each is told besides its name. `tell` is called with each project's name and each line.
    """

    def __init__(
        self,
        projects: Callable[[], Sequence[str]],
        program: Sequence[str],
        *,
        about: Mapping[str, Any] | None = None,
        tell: Callable[[str, dict[str, Any]], None] = lambda *_: None,
        rules: RestartRules | None = None,
    ) -> None:
        self._names = projects
        self._program = program
        self._about = dict(about or {})
        self._tell = tell
        self._rules = rules or RestartRules()
        self._processes = {name: _ProjectProcess(name) for name in projects()}
        self._leaving: set[_ProjectProcess] = set()
        """Those of projects that are no longer there, until they have ended."""
        self._forks: Forks | None = None
        self._turned_s = self._started_s = time.monotonic()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def views(self) -> tuple[ProjectView, ...]:
        """Return how each project is, in the order of their names in the settings."""
        now_s = time.monotonic()
        return tuple(self._view(name, one, now_s) for name, one in self._processes.items())

    @property
    def settled(self) -> bool:
        """Return whether every process was heard of, or has had its time to begin."""
        everybody = all(one.begun for one in self._processes.values())
        return everybody or time.monotonic() - self._started_s >= self._rules.begin_s

    @property
    def in_hand(self) -> bool:
        """Return whether each process gives signs of life, or is about to be begun again."""
        now_s = time.monotonic()
        lost_s = self._rules.kill_s + self._rules.silent_s
        return all(one.id is None or now_s - one.heard_s < lost_s for one in self._processes.values())

    async def run(self) -> None:
        """Begin the processes, and look after them until this is cancelled."""
        while True:
            now_s = time.monotonic()
            if now_s - self._turned_s > _STOOD_S:
                for one in self._processes.values():
                    one.heard_s = now_s
            self._turned_s = now_s
            await asyncio.sleep(_APART_S if self._look_after(now_s) else _LOOK_S)

    def read_again(self) -> None:
        """Begin and end processes as the settings now say, and let the others read theirs again.

        Raises SettingsError, and then changes nothing.
        """
        names = self._names()
        for name in self._processes.keys() - set(names):
            gone = self._processes.pop(name)
            self._leaving.add(gone)
            gone.due_s = time.monotonic() + _CLOSE_S + _LOOK_S
            self._send(gone, signal.SIGTERM)
        for one in self._processes.values():
            self._send(one, signal.SIGHUP)
            one.due_s = one.pause_s = 0.0  # what was wrong may be mended
        self._processes = {name: self._processes.get(name) or _ProjectProcess(name) for name in names}

    async def close(self) -> None:
        """End all processes, in order, within two seconds."""
        self._closing = True
        everybody = (*self._processes.values(), *self._leaving)
        reading = [one.reading for one in everybody if one.reading is not None]
        for one in everybody:
            self._send(one, signal.SIGTERM)
        if reading:
            await asyncio.wait(reading, timeout=_CLOSE_S)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        if self._forks is not None:
            await self._forks.close()

    def _look_after(self, now_s: float) -> bool:
        """Do what is due; return whether a process was begun."""
        for one in (*self._processes.values(), *self._leaving):
            lost = one in self._leaving and now_s >= one.due_s
            lost = lost or (one not in self._leaving and self._rules.is_lost(now_s - one.heard_s))
            if one.id is not None and lost and not one.killed:
                one.killed = f"killed after {short(now_s - one.heard_s)} without a sign of life"
                self._send(one, signal.SIGKILL)
        due = next((one for one in self._processes.items() if one[1].id is None and now_s >= one[1].due_s), None)
        if due is not None:
            self._begin(*due, now_s)
        return due is not None

    def _begin(self, name: str, process: _ProjectProcess, now_s: float) -> None:
        try:
            if self._forks is None:
                self._forks = Forks(self._program, began=self._began, ended=self._ended, lost=self._lost)
            process.id, line = self._forks.begin(self._about | {"project": name})
        except OSError as error:
            process.why, process.begun = f"could not be started: {error.strerror or error}", True
            process.pause_s = self._rules.pause_s(process.pause_s, ran_s=0.0, person=False)
            process.due_s = now_s + process.pause_s
            return
        process.began_s = process.heard_s = now_s
        process.why = process.last_words = process.killed = ""
        process.reading = asyncio.create_task(self._read(name, process, line), name=f"watchdesk-{name}")

    def _began(self, number: int, pid: int) -> None:
        if (one := self._of(number)) is not None:
            one.pid = pid

    def _ended(self, number: int, code: int) -> None:
        if (one := self._of(number)) is not None:
            self._spawn(self._after(one, code))

    async def _after(self, one: _ProjectProcess, code: int) -> None:
        """Hear the last words of a process that has ended, and decide when it is begun again."""
        if one.reading is not None:
            await asyncio.wait((one.reading,), timeout=_LAST_WORDS_S)
            one.reading.cancel()
        now_s = time.monotonic()
        self._leaving.discard(one)
        one.id = one.pid = one.reading = None
        one.begun = True
        one.metrics = ""
        if self._closing or one not in self._processes.values():
            return
        one.pause_s = self._rules.pause_s(one.pause_s, ran_s=now_s - one.began_s, person=code == _PERSON)
        one.due_s = now_s + one.pause_s
        one.why = f"ended, {one.killed or _ending(code)}" + (f": {one.last_words}" if one.last_words else "")
        name = next(name for name, other in self._processes.items() if other is one)
        self._tell(name, {"event": "ended", "level": "critical", "text": one.why, "next_start_s": one.pause_s})

    def _lost(self) -> None:
        """Take note that the process that the others are forked from has ended, and so have they."""
        if self._closing or (forks := self._forks) is None:
            return
        self._forks = None
        for one in (*self._processes.values(), *self._leaving):
            if one.id is not None:
                one.killed = "with the one that all are begun from"
                self._ended(one.id, 1)
        self._spawn(forks.close())

    def _of(self, number: int) -> _ProjectProcess | None:
        return next((one for one in (*self._processes.values(), *self._leaving) if one.id == number), None)

    async def _read(self, name: str, process: _ProjectProcess, line: socket.socket) -> None:
        """Hear what a process tells, until it ends; one whose lines are too long is as good as none."""
        reader, writer = await asyncio.open_connection(sock=line, limit=_LINE_BYTES)
        try:
            while text := await reader.readline():
                self._hear(name, process, text)
        except (OSError, ValueError) as error:
            log.warning("the monitor of %s cannot be heard: %s", name, error)
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    def _hear(self, name: str, process: _ProjectProcess, text: bytes) -> None:
        try:
            told = msgspec.json.decode(text, type=dict[str, Any])
            row = msgspec.convert(told.pop("row", None), ProjectRow | None)
        except msgspec.MsgspecError:
            return
        process.heard_s = time.monotonic()
        if told.get("event") == ROW and row is not None:
            process.begun = True
            process.row, process.metrics = row, str(told.get("metrics", ""))
            return
        if told.get("event") == "unusable":
            process.last_words = clean(told.get("text", ""), 2 * LINE_CHARS)
        self._tell(name, told)

    def _send(self, process: _ProjectProcess, number: int) -> None:
        if process.id is not None and self._forks is not None:
            self._forks.signal(process.id, number)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _view(self, name: str, process: _ProjectProcess, now_s: float) -> ProjectView:
        trouble = process.trouble(now_s, self._rules)
        row = process.row
        if trouble:
            row = msgspec.structs.replace(row, state=State.UNKNOWN, why=trouble, link=None, last_known=True)
        heard_s = now_s - process.heard_s
        return ProjectView(
            name=name, row=row, pid=process.pid, heard_s=heard_s, trouble=trouble, metrics=process.metrics
        )


def _ending(code: int) -> str:
    """Return an exit code in words; a signal is negative."""
    if code >= 0:
        return f"exit {code}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"


def in_a_line(views: Iterable[ProjectView]) -> str:
    """Return how many projects are in which state, the worst first, for one line."""
    states = [one.row.state for one in views]
    counted = (f"{states.count(state)} {state.upper()}" for state in WORST_FIRST if state in states)
    return ", ".join(counted) or "no project"
