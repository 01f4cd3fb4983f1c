"""`status` of several projects, read side by side: one that hangs or is misconfigured delays no other."""

import asyncio
import contextlib
import resource
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from rich.cells import cell_len, set_cell_size

from core.base.settings import Layers, SettingsError
from core.base.text import clean, in_steps
from core.domain.project_row import NAME_CHARS, WHY_CHARS, ProjectRow, row_of
from core.monitor import Config, Monitor, read_config
from core.resilience.fault import Fault
from tui.cli import exit_codes
from tui.cli.exits import UNREACHABLE, WRONG
from tui.cli.layers import checked_layers
from tui.cli.one_shot import read_all
from tui.cli.session import put, put_json, said, start_logging
from tui.cli.status_page import as_json
from tui.terminal.workers import Workers

_LIMIT_S: Final = 60.0
"""The longest that one project is read; each of its requests has a limit of its own, and ends long before."""
_APART_S: Final = 0.1
"""The seconds between two beginnings: all at once they would wait for the processor, and take that for silence."""
_CLOSE_S: Final = 3.0


class ProjectLook(msgspec.Struct, frozen=True, kw_only=True):
    """One project as it was read: in a line, as JSON values, and its exit code."""

    row: ProjectRow
    data: dict[str, Any]
    code: int


async def look_at_all(names: Sequence[str], *, observe: bool, as_data: bool) -> int:
    """Read every project once and print a line each; return the worst exit code."""
    _allow_files()
    asyncio.get_running_loop().set_default_executor(Workers())  # of which a name server can hold up as many as it likes
    layers = checked_layers()
    configs = [_config(layers, name, observe=observe) for name in names]
    usable = [one for one in configs if isinstance(one, Config)]
    secrets = (secret for one in usable for secret in (*one.target.secrets, *one.alerts.secrets()))
    start_logging(None, tuple(secrets))
    asked = (_later(n * _APART_S, name, config) for n, (name, config) in enumerate(zip(names, configs, strict=True)))
    looks = await asyncio.gather(*asked)
    code = exit_codes.worst(one.code for one in looks)
    if as_data:
        put_json({"version": 1, "exit_code": code, "projects": [one.data for one in looks]})
    else:
        put("\n".join(lines([one.row for one in looks])))
    return code


def _allow_files() -> None:
    """Raise the limit of open files to what this user may have: each project takes a dozen, of the usual 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _config(layers: Layers, name: str, *, observe: bool) -> Config | str:
    """Return the configuration of a project, or why it cannot be used."""
    try:
        return read_config(layers, project=name, observe=observe)
    except SettingsError as error:
        return said(str(error))


async def _later(pause_s: float, name: str, config: Config | str) -> ProjectLook:
    if isinstance(config, str):
        return _unknown(name, config, WRONG)
    await asyncio.sleep(pause_s)
    monitor = Monitor(config)
    try:
        running = await monitor.running_here()
        read = await asyncio.wait_for(read_all(monitor), _LIMIT_S)
    except TimeoutError:
        return _unknown(name, f"no result within {_LIMIT_S:.0f} s", UNREACHABLE)
    finally:
        await asyncio.wait((asyncio.create_task(monitor.close()),), timeout=_CLOSE_S)
    if isinstance(read, Fault):
        return _unknown(name, read.sentence(), exit_codes.of_fault(read))
    code = exit_codes.of_state(read)
    data = {"name": name, "exit_code": code, "known": True, **as_json(read, running)}
    return ProjectLook(row=row_of(read, name), data=data, code=code)


def _unknown(name: str, why: str, code: int) -> ProjectLook:
    row = ProjectRow(project=clean(name, NAME_CHARS), why=clean(why, WHY_CHARS))
    return ProjectLook(row=row, data={"name": name, "exit_code": code, "known": False, "why": why}, code=code)


def lines(rows: Sequence[ProjectRow], now: datetime | None = None) -> list[str]:
    """Return a line for each project, in columns, below their names; what is not known is a dash."""
    now = now or datetime.now(UTC)
    table = [("STATE", "PROJECT", "LINK", "ALERTS", "PENDING", "24 H", "REVIEW", "WHY")]
    table += [
        (
            row.state.upper(),
            row.project,
            "—" if row.link is None else row.link.value,
            "—" if row.alerts is None else f"{row.alerts:,}",
            row.pending_shown or "—",
            row.success_shown or "—",
            _review(row, now),
            row.why,
        )
        for row in rows
    ]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(set_cell_size, cells, widths)).rstrip() for cells in table]


def _review(row: ProjectRow, now: datetime) -> str:
    """Return how long the oldest review has waited, 0 where none does."""
    if row.in_review is None:
        return "—"
    if not row.in_review:
        return "0"
    return f"{row.in_review:,}" + (f" ({in_steps(now - row.oldest_review_at)})" if row.oldest_review_at else "")
