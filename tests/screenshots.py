"""`make screenshots`: the real monitor on the real sandbox, as SVG and PNG; `ARGS="past wall-dark"` takes those."""

import asyncio
import math
import random
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import resvg_py
from textual.pilot import Pilot

from core.actions.emergency_stop import EMERGENCY_STOP
from core.alerting.settings import AlertRules
from core.backend.target import Target
from core.base.store import Transaction
from core.domain.snapshot import LinkWord
from core.history.trends import SLOT, Finished, Queued, floor
from core.monitor import Config, Monitor, Places
from core.sandbox.server import Options, Sandbox
from core.services.kpis import CHECKS, CheckSample
from core.services.self_limits import SelfRules
from tui.app.app import WatchdeskApp
from tui.base.settings import Setup

PLACE = Path(__file__).parent.parent / "screenshots"
FONT = "DejaVu Sans Mono"
SOON = AlertRules(evaluate_s=1.0, database_down_s=5.0, breakers_s=5.0)
STUCK = (
    "INSERT INTO autonomous_tasks (description, task_type, status, started_at, created_at)"
    " SELECT 'Wait for a geocoder that never answers', 'edge_function', 'in_progress', now() - interval '2 hours',"
    " now() - interval '3 hours' FROM generate_series(1, 3)"
)
LIFTED = (
    "UPDATE autonomous_system_config"
    " SET emergency_stop = false, emergency_stop_reason = NULL, emergency_stop_until = NULL, dry_run_mode = false"
)
FULL, SMALL, LARGE = (140, 40), (80, 24), (200, 50)

Before = Callable[[Pilot[None]], Awaitable[None]]


class Studio:
    """Takes pictures of monitors on one sandbox: those that are `wanted`, or all."""

    def __init__(self, sandbox: Sandbox, wanted: set[str]) -> None:
        self.sandbox = sandbox
        self._wanted = wanted

    async def take(
        self,
        name: str,
        *keys: str,
        size: tuple[int, int] = FULL,
        theme: str = "dark",
        acts: bool = True,
        before: Before | None = None,
    ) -> None:
        """One picture, of what stands there after `before` and after `keys`.

        `acts`: by itself, so that little is left to do by hand.
        """
        if self._wanted and name not in self._wanted:
            return
        with tempfile.TemporaryDirectory() as cache:
            config = Config(
                target=Target(
                    name="sandbox",
                    url=self.sandbox.info.url,
                    key=self.sandbox.info.service_key,
                    function_key=self.sandbox.info.function_key,
                    colour="teal",
                ),
                autonomous=acts,
                dry_run=False,
                alerts=SOON,
                self_monitoring=SelfRules(memory_mb=2000.0),  # this process holds the sandbox as well
            )
            app = WatchdeskApp(Monitor(config, places=Places.within(Path(cache))), Setup(theme=theme))
            async with app.run_test(size=size) as pilot:
                await pilot.pause(5)
                if before is not None:
                    await before(pilot)
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause(1.5)
                svg = app.export_screenshot()
        svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)
        svg = re.sub(r"font-family:\s*[^;\"]+", f"font-family: {FONT}, monospace", svg)
        svg = re.sub(r"terminal-\d+", "terminal", svg)
        (PLACE / f"{name}.svg").write_text(svg)
        (PLACE / f"{name}.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, font_family=FONT, zoom=1)))
        print(f"screenshots/{name}.png", flush=True)

    def under(self, fault: str, seconds: float) -> Before:
        """With a fault of the sandbox for so long."""

        async def switch(pilot: Pilot[None]) -> None:
            await self.sandbox.faults.set(fault, True)
            await pilot.press("c")
            await pilot.pause(seconds)

        return switch

    async def an_outage_ago(self, pilot: Pilot[None]) -> None:
        """The database was down for a while and is back; the screen looks back at it."""
        await self.under("database_down", 20)(pilot)
        await self.sandbox.faults.set("database_down", False)
        await pilot.pause(12)
        app = pilot.app
        assert isinstance(app, WatchdeskApp)
        while app.time.moment is None or app.shown.link.word is not LinkWord.OFFLINE:
            await app.time.step(-1)
        await app.time.note("pooler was full, restarted it", app.time.moment.at)
        app.clear_notifications()
        await pilot.pause()


async def watched(pilot: Pilot[None]) -> None:
    """This machine has watched for the last sixteen hours, but for one of them."""
    app = pilot.app
    assert isinstance(app, WatchdeskApp)
    assert isinstance(app.monitor, Monitor)
    rng, now, state = random.Random(7), datetime.now(UTC), app.monitor.parts.store

    def work(transaction: Transaction) -> None:
        for back in range(16 * 12):
            if 60 <= back < 72:
                continue
            at = floor(now, SLOT) - back * SLOT
            rush = max(0.0, math.sin(back / 30)) ** 3
            transaction.append("queue", at, Queued(round(4 + 40 * rush + rng.uniform(0, 4))))
            sample = CheckSample(took_s=0.2 + 0.9 * rush + rng.uniform(0, 0.2), verdicts={})
            transaction.append(CHECKS, at, sample)
            failed = rng.random() < 0.08 + 0.2 * rush
            transaction.append("finished", at, Finished(rng.randint(2, 6), int(failed)))

    await state.change(work)


async def stopped(pilot: Pilot[None]) -> None:
    """An emergency stop, given and read back."""
    app = pilot.app
    assert isinstance(app, WatchdeskApp)
    await app.monitor.run(EMERGENCY_STOP, reason="the geocoder bills us for every call", hours=4)
    await pilot.pause(4)


async def walls(studio: Studio) -> None:
    """Wall mode, well and offline."""
    for theme in ("dark", "light"):
        await studio.take(f"wall-{theme}", "b", size=SMALL, theme=theme)
        await studio.take(f"wall-{theme}-200x50", "b", size=LARGE, theme=theme)
    for name, size in (("wall-offline", SMALL), ("wall-offline-200x50", LARGE)):
        await studio.take(name, "b", size=size, before=studio.under("database_down", 20))
        await studio.sandbox.faults.set("database_down", False)
        await asyncio.sleep(3)


async def main() -> None:
    """One after the other, on one sandbox with agents at work."""
    PLACE.mkdir(exist_ok=True)
    async with Sandbox(Options(workload=True)) as sandbox:
        studio = Studio(sandbox, set(sys.argv[1:]))
        await asyncio.sleep(12)  # let the fleet take up work
        await studio.take("healthy")
        await studio.take("healthy-200x50", size=LARGE)
        await studio.take("healthy-80x24", size=SMALL)
        for theme in ("light", "colourblind"):
            await studio.take(theme, theme=theme)
        await studio.take("tasks", "t", "down", "down")
        await studio.take("task", "t", "down", "down", "enter")
        for theme in ("dark", "light"):
            light = "-light" if theme == "light" else ""
            await studio.take(f"trends{light}-200x50", "v", size=(200, 50), theme=theme, before=watched)
            await studio.take(f"trends{light}-80x24", "v", size=SMALL, theme=theme, before=watched)
        await studio.take("trends-month", "v", "right", "right", before=watched)
        await walls(studio)
        owner = psycopg.connect(sandbox.info.database_url, autocommit=True)
        owner.execute(STUCK)
        await studio.take("heal", "h", acts=False)
        await studio.take("stop", "ctrl+e", acts=False)
        await studio.take("degraded", before=studio.under("edge_down", 8))
        await sandbox.faults.set("edge_down", False)
        await studio.take("stopped", before=stopped)
        owner.execute(LIFTED)
        owner.close()
        await studio.take("offline", before=studio.under("database_down", 20))
        await sandbox.faults.set("database_down", False)
        await asyncio.sleep(3)
        await studio.take("past", before=studio.an_outage_ago)
        await studio.take("past-80x24", size=SMALL, before=studio.an_outage_ago)


if __name__ == "__main__":
    asyncio.run(main())
