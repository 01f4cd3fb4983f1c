"""A process for each project: begun, heard, begun again, killed where it hangs; none is left, whoever is killed."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import psutil

from core.base.settings import SettingsError
from core.domain.snapshot import LinkWord, State
from tests.tui.service.offspring import PROGRAM
from tests.until import until
from tui.service.restarts import RestartRules
from tui.service.supervisor import ProjectView, Supervisor, in_a_line

FAST = RestartRules(first_s=0.2, most_s=1.0, person_s=0.5, silent_s=1.0, kill_s=2.0, begin_s=10.0)


class Raised:
    """A supervisor at work, and what its processes told."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.one = Supervisor(
            lambda: list(self.names), PROGRAM, tell=lambda name, line: self.told.append((name, line)), rules=FAST
        )

    def view(self, name: str) -> ProjectView:
        return next(one for one in self.one.views if one.name == name)

    def ended(self, name: str) -> list[dict[str, Any]]:
        return [line for told, line in self.told if told == name and line["event"] == "ended"]

    async def begun(self, name: str, not_pid: int | None = None) -> int:
        def there() -> int | None:
            pid = self.view(name).pid
            return pid if pid != not_pid and self.view(name).row.link is LinkWord.LIVE else None

        return int(await until(there, f"{name} begins"))


@contextlib.asynccontextmanager
async def raised(*names: str) -> AsyncIterator[Raised]:
    found = Raised(list(names))
    working = asyncio.create_task(found.one.run())
    try:
        yield found
    finally:
        working.cancel()
        await found.one.close()


async def test_each_has_a_process_and_one_that_is_killed_is_begun_again_beside_the_others() -> None:
    async with raised("a", "b", "wrong") as found:
        first, other = await found.begun("a"), await found.begun("b")
        os.kill(first, signal.SIGKILL)
        ended = await until(lambda: found.ended("a"), "it is told")
        assert ended[0]["text"] == "ended, by SIGKILL"
        assert await found.begun("a", not_pid=first) != first
        assert found.view("b").pid == other
        await until(lambda: found.one.settled, "all were heard of")
        assert found.one.in_hand


async def test_one_that_a_person_must_mend_says_why_and_when_it_is_tried_again() -> None:
    async with raised("wrong", "a") as found:
        await until(lambda: found.ended("wrong"), "it ends")
        view = found.view("wrong")
        assert view.trouble.startswith("ended, exit 2: the key was refused; next start")
        assert (view.row.state, view.row.link, view.row.last_known) == (State.UNKNOWN, None, True)
        assert found.ended("wrong")[0]["next_start_s"] == FAST.person_s
        await until(lambda: len(found.ended("wrong")) > 1, "it is tried again")
        await found.begun("a")
        assert "1 HEALTHY" in in_a_line(found.one.views)


async def test_one_that_hangs_says_so_and_is_killed_and_begun_again() -> None:
    async with raised("hangs", "a") as found:
        pid = await found.begun("hangs")
        await until(lambda: "no sign of life" in found.view("hangs").trouble, "it is told")
        await until(lambda: found.ended("hangs"), "it is killed")
        assert "killed after" in found.ended("hangs")[0]["text"]
        await until(lambda: found.view("hangs").pid not in {pid, None}, "another one")
        assert not found.ended("a")


async def test_what_is_no_line_or_a_too_long_one_harms_nobody() -> None:
    async with raised("garbage", "long", "dies", "a") as found:
        await found.begun("garbage")
        await until(lambda: found.ended("long"), "it is not heard any more")
        await until(lambda: found.ended("dies"), "it dies")
        assert "by SIGSEGV" in found.ended("dies")[0]["text"]
        await found.begun("a")
        assert not found.ended("a")
        assert not found.ended("garbage")


async def test_projects_come_and_go_with_the_settings() -> None:
    async with raised("a", "b", "deaf") as found:
        gone, deaf = await found.begun("a"), await found.begun("deaf")
        found.names[:] = ["b", "c"]
        found.one.read_again()
        await found.begun("c")
        await until(lambda: not psutil.pid_exists(gone) and not psutil.pid_exists(deaf), "both ended")
        assert [one.name for one in found.one.views] == ["b", "c"]


async def test_settings_that_cannot_be_read_change_nothing() -> None:
    async with raised("a") as found:
        pid = await found.begun("a")

        def broken() -> list[str]:
            raise SettingsError("no")

        found.one._names = broken
        with contextlib.suppress(SettingsError):
            found.one.read_again()
        assert found.view("a").pid == pid


async def test_where_the_process_is_killed_that_all_come_from_all_are_begun_anew() -> None:
    async with raised("a", "b") as found:
        first, second = await found.begun("a"), await found.begun("b")
        remarks = await until(lambda: [line for _, line in found.told if line["event"] == "remark"], "they tell")
        parent = int(remarks[0]["text"])
        os.kill(second, signal.SIGSTOP)
        os.kill(parent, signal.SIGKILL)
        await found.begun("a", not_pid=first)
        await found.begun("b", not_pid=second)
        await until(lambda: not psutil.pid_exists(first) and not psutil.pid_exists(second), "the old ones ended")


async def test_all_end_with_it_also_those_that_do_not_want_to() -> None:
    async with raised("a", "hangs", "deaf") as found:
        pids = [await found.begun(name) for name in ("a", "hangs", "deaf")]
        began = time.monotonic()
    assert time.monotonic() - began < 10.0
    assert not any(map(psutil.pid_exists, pids))


async def test_where_none_can_be_begun_each_says_so_and_it_is_tried_again() -> None:
    one = Supervisor(lambda: ["a"], ("/nowhere/at/all",), rules=FAST)
    working = asyncio.create_task(one.run())
    try:
        await until(lambda: "could not be started: No such file" in one.views[0].trouble, "it is told")
        assert one.settled
    finally:
        working.cancel()
        await one.close()
