"""The demo's faults, on and off."""

from tui.actions.ui import Ui


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
            ui.tell(f"{chosen} is {'off' if on.get(chosen) else 'on'}")
    except OSError as error:
        ui.tell(f"the sandbox does not answer: {error}")
