"""`make screenshots`: pictures of the real monitor on the real sandbox, as SVG and PNG."""

import asyncio
import re
import tempfile
from pathlib import Path

import psycopg
import resvg_py

from core.alert.settings import AlertRules
from core.backend.target import Target
from core.monitor import Config, Monitor, Places
from core.sandbox.server import Options, Sandbox
from tui.app import WatchdeskApp

PLACE = Path(__file__).parent.parent / "screenshots"
FONT = "DejaVu Sans Mono"
SOON = AlertRules(evaluate_s=1.0, database_down_s=5.0, breakers_s=5.0)
STUCK = (
    "INSERT INTO autonomous_tasks (description, task_type, status, started_at, created_at)"
    " SELECT 'Wait for a geocoder that never answers', 'edge_function', 'in_progress', now() - interval '2 hours',"
    " now() - interval '3 hours' FROM generate_series(1, 3)"
)


async def picture(
    sandbox: Sandbox,
    name: str,
    size: tuple[int, int],
    *,
    theme: str = "dark",
    key: str = "",
    acts: bool = True,
    fault: str = "",
) -> None:
    """One picture, of the dashboard, of what `key` opens, or of what a fault of the sandbox makes of it.

    `acts`: by itself, so that little is left to do by hand.
    """
    with tempfile.TemporaryDirectory() as cache:
        config = Config(
            target=Target(name="sandbox", url=sandbox.info.url, key=sandbox.info.service_key, colour="cyan"),
            autonomous=acts,
            dry_run=False,
            alerts=SOON,
        )
        app = WatchdeskApp(Monitor(config, places=Places.within(Path(cache))), theme=theme)
        async with app.run_test(size=size) as pilot:
            await pilot.pause(4)
            if fault:
                await sandbox.faults.set(fault, True)
                await pilot.pause(20)
            if key:
                await pilot.press(key)
                await pilot.pause(2)
            svg = app.export_screenshot()
    if fault:
        await sandbox.faults.set(fault, False)
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)
    svg = re.sub(r"font-family:\s*[^;\"]+", f"font-family: {FONT}, monospace", svg)
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    (PLACE / f"{name}.svg").write_text(svg)
    (PLACE / f"{name}.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, font_family=FONT, zoom=1)))
    print(f"screenshots/{name}.png")


async def main() -> None:
    """All of them, on one sandbox with agents at work."""
    PLACE.mkdir(exist_ok=True)
    async with Sandbox(Options(workload=True)) as sandbox:
        await asyncio.sleep(12)  # let the fleet take up work
        await picture(sandbox, "dashboard", (140, 40))
        await picture(sandbox, "dashboard-80x24", (80, 24))
        await picture(sandbox, "dashboard-light", (140, 40), theme="light")
        with psycopg.connect(sandbox.info.database_url, autocommit=True) as connection:
            connection.execute(STUCK)
        await picture(sandbox, "heal", (140, 40), key="h", acts=False)
        await picture(sandbox, "offline", (140, 40), fault="database_down")
        await picture(sandbox, "stop", (140, 40), key="ctrl+e")


if __name__ == "__main__":
    asyncio.run(main())
