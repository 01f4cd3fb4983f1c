"""The demo's faults, on and off, with what to look at and what to press."""

from typing import Final

from tui.actions.ui import Ui

OFFER_S: Final = 60.0
"""The time after which a demo offers its faults, once; seconds."""

OFFER: Final = "This is a demo: ctrl+x breaks something, failure_storm or database_down, and fixes it again"

GUIDE: Final = {
    "database_down": "within seconds the top line says OFFLINE and all values show their age; ctrl+x again fixes it",
    "slow": "checks turn to warnings, the figures still come; 1 shows how long each check took",
    "errors": "breakers open and probe by themselves; 4 lists them, r resets them after you fixed it with ctrl+x",
    "edge_down": "everything but the agents' function stays live; 1 shows that check",
    "stuck_tasks": "the watchdog heals what is stuck; h does it by hand, 8 shows what was done",
    "failure_storm": "the failure rate rises until the watchdog turns dry-run on; t and ctrl+g group failures by cause",
}
"""What is to be seen of each fault, and what to press."""


async def switch_fault(ui: Ui) -> None:
    """Choose one and switch it."""
    if ui.faults is None:
        ui.tell("only the demo has faults to switch")
        return
    try:
        on = await ui.faults.all()
        choices = [(name, f"{'ON ' if on.get(name) else 'off'}  {name}: {text}") for name, text in ui.faults.names()]
        chosen = await ui.choose("Switch which fault of the sandbox?", choices)
        if chosen is not None:
            await ui.faults.set(chosen, not on.get(chosen))
            ui.tell(f"{chosen} is off" if on.get(chosen) else f"{chosen} is on: {GUIDE.get(chosen, '')}".rstrip(": "))
    except OSError as error:
        ui.tell(f"the sandbox does not answer: {error}")
