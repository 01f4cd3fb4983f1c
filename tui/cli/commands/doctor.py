"""`watchdesk doctor`: from here to the project step by step, what is wrong in each, and the remedy."""

from collections.abc import Mapping
from typing import Final

import click

from core.backend.target import KEY_NAMES, URL_NAMES, Target, read_entry, read_target
from core.base.settings import FILE, Layers, SettingOrigin, SettingsError, read_layers
from core.base.text import LINE_CHARS, clean
from core.monitor import Config, Places, read_config
from core.monitor.doctor import examine, steps_here, unconfigured
from core.services.config import renamed
from core.services.doctor.steps import Diagnosis, DoctorStep, StepState, failed, ok, take, warned
from tui.cli import exit_codes, exits
from tui.cli.event_loop import run_command
from tui.cli.guide import DOCTOR
from tui.cli.layers import checked_layers
from tui.cli.session import put, put_json, start_logging
from tui.terminal.facts import TerminalFacts, facts_here, judged

_NAME_CELLS: Final = 32


@click.command(name="doctor", epilog=DOCTOR)
@click.option("--json", "as_data", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, as_data: bool) -> None:
    """Check every step from here to the project, and say what is wrong and how to fix it."""
    found = run_command(_examined(context, facts_here()))
    code = exit_code(found)
    if as_data:
        put_json({"version": 1, "exit_code": code, "steps": [as_step(name, one) for name, one in found.items()]})
    else:
        put("\n".join(line(name, one) for name, one in found.items()))
    context.exit(code)


def exit_code(found: Mapping[str, Diagnosis]) -> int:
    """Return the exit code of all steps: what a person must change goes before what is not reached."""
    codes = {exit_codes.of_fault(one.fault) if one.fault else exits.WRONG for one in _in(found, StepState.FAILED)}
    if codes:
        return min(codes)
    return exits.PARTLY if _in(found, StepState.WARNING) else exits.DONE


def line(name: str, found: Diagnosis) -> str:
    """Return a step in one line."""
    told = f"{found.state}: {found}" if found.state is StepState.NOT_TRIED else f"{found.state:<9}{found}"
    return f"{name:<{_NAME_CELLS}} {told}"


def as_step(name: str, found: Diagnosis) -> dict[str, str]:
    """Return a step as JSON values."""
    return {"name": name, "state": found.state, "text": found.text, "remedy": found.remedy}


def _in(found: Mapping[str, Diagnosis], state: StepState) -> list[Diagnosis]:
    return [one for one in found.values() if one.state is state]


async def _examined(context: click.Context, terminal: TerminalFacts) -> dict[str, Diagnosis]:
    project = context.obj["project"]
    after = (_step("terminal", judged(terminal)),)
    try:
        layers = checked_layers(quiet=True)
        config = read_config(layers, project=project, observe=True)
        settings = _settings(layers, config.target, project, config.trouble)
    except SettingsError as error:
        settings = failed(clean(str(error), 4 * LINE_CHARS))
        found = _target_alone(project)
        if found is None:
            return await take((_step("settings", settings), *unconfigured(), *_on_disk(), *after))
        config = Config(target=found, observe=True)
    start_logging(config.target, config.alerts.secrets())
    return await examine(config, Places.of_platform(), before=(_step("settings", settings),), after=after)


def _target_alone(project: str | None) -> Target | None:
    """Return the project where only other settings cannot be used; `None` where it is the one that cannot."""
    try:
        Places.of_platform()
        return read_target(renamed(read_layers()), project)
    except SettingsError:
        return None


def _on_disk() -> tuple[DoctorStep, ...]:
    try:
        return steps_here(Places.of_platform())
    except SettingsError as homeless:
        return (_step("state on disk", failed(str(homeless))),)


def _step(name: str, found: Diagnosis) -> DoctorStep:
    async def ask() -> Diagnosis:
        return found

    return DoctorStep(name=name, ask=ask)


def _settings(layers: Layers, target: Target, project: str | None, trouble: str) -> Diagnosis:
    """Return which project is watched, and where its URL and its key come from."""
    name, _ = read_entry(layers, project)
    table = SettingOrigin(layer=FILE, name=f"{layers.path}: [projects.{name}]") if name else None
    url, key = (table or layers.origin(*names) for names in (URL_NAMES, KEY_NAMES))
    words = f"{target.url} from {url}, {target.kind} key from {key}"
    return warned(f"{words}; {trouble}") if trouble else ok(words)
