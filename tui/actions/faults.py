"""The demo's faults, on and off."""

from tui.actions.ui import Ui


async def switch_fault(front: Ui) -> None:
    """Choose one and switch it."""
    if front.faults is None:
        front.tell("only the demo has faults to switch")
        return
    try:
        on = await front.faults.all()
        choices = [(name, f"{'ON ' if on.get(name) else 'off'}  {name}: {text}") for name, text in front.faults.names()]
        chosen = await front.choose("Switch which fault of the sandbox?", choices)
        if chosen is not None:
            await front.faults.set(chosen, not on.get(chosen))
            front.tell(f"{chosen} is {'off' if on.get(chosen) else 'on'}")
    except OSError as error:
        front.tell(f"the sandbox does not answer: {error}")
