"""The doctor's steps on this machine: its directories, and who would be told of alerts."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from core.alerting.notifiers import Notifiers
from core.alerting.recipients import Way, recipients_for
from core.alerting.settings import AlertRules
from core.backend.schema import MAIL_FUNCTION
from core.base.daemon_thread import in_daemon_thread
from core.base.safe_files import Unsafe, own_directory, write_new
from core.base.text import plural
from core.services.doctor import judging
from core.services.doctor.steps import Diagnosis, failed, ok, warned

_SMTP_S = 5.0
"""The longest time a mail server may take for one answer, seconds."""


async def directory(path: Path) -> Diagnosis:
    """Write a file into a directory of ours and delete it again. Never raises OSError."""
    return await in_daemon_thread(lambda: _directory(path), "disk")


def _directory(path: Path) -> Diagnosis:
    probe = path / f"doctor.{os.getpid()}"
    try:
        own_directory(path)
        write_new(probe, b"watchdesk" * 1000)
        probe.unlink()
        free = shutil.disk_usage(path).free
    except Unsafe as error:
        return failed(str(error))
    except OSError as error:
        return failed(
            f"{path} cannot be written to: {error.strerror}", "free some space, or make it writable for your user"
        )
    return judging.space(free, str(path))


async def alerts(
    settings: AlertRules, address_in_row: str, ask_function: Callable[[str], Awaitable[None]]
) -> Diagnosis:
    """Ask each mail server whether it takes mail for our contacts, and send none. `ask_function`: raises Failed."""
    found = recipients_for(settings, address_in_row)
    if found.unreachable:
        remedy = "set [alerts] smtp_host and smtp_from, or email_template"
        return warned(f"no way to deliver to {', '.join(found.unreachable)}", remedy)
    if found.refused:
        return warned(
            f"the config row's notification_email: {'; '.join(found.refused)}", "correct it in the config row"
        )
    everybody = found.all()
    if not everybody:
        return ok("nobody is notified: [alerts] contacts is empty")
    if any(one.way is Way.FUNCTION for one in everybody):
        await ask_function(MAIL_FUNCTION)
    notifiers = Notifiers(_never_called, settings)
    told = await asyncio.gather(*(notifiers.takes(one, _SMTP_S) for one in everybody))
    if refused := [f"{one.name} ({why})" for one, why in zip(everybody, told, strict=True) if why]:
        return warned(f"not accepted: {', '.join(refused)}", "correct [alerts]; watchdesk notify --test sends")
    return ok(f"{plural(len(everybody), 'address', 'addresses')} accepted, nothing sent")


async def _never_called(_: dict[str, Any]) -> Any:
    raise AssertionError("the doctor sends nothing")
