"""Signing in and out of a project for good: a session that is kept, and ended here and at the server."""

import msgspec

from core.backend.client import Backend
from core.backend.faults import Failed
from core.backend.sessions import SessionFile
from core.backend.target import Target
from core.base.clock import SystemClock
from core.resilience import NotLive
from core.resilience.fault import Fault
from core.services.config import Places


async def log_in(target: Target, places: Places) -> None:
    """Sign in with the e-mail and password of `target` and keep the session.

    Raises NotLive when the project does not let us in, OSError when the session cannot be kept.
    """
    backend = Backend(msgspec.structs.replace(target, access_token=""), SystemClock())
    try:
        await backend.sign_in.fresh()
    except Failed as failed:
        raise NotLive(failed.fault) from failed
    finally:
        await backend.close()
    SessionFile(places.sessions, target.url).save(backend.sign_in.session())


class SignedOut(msgspec.Struct, frozen=True):
    """The user who was signed in, empty for nobody; and why the server could not be told that the session is over."""

    email: str = ""
    untold: Fault | None = None


async def log_out(target: Target, places: Places) -> SignedOut:
    """End the kept session; the user's other sessions go on. Raises OSError when it cannot be removed."""
    stored = SessionFile(places.sessions, target.url)
    session = stored.load()
    if stored.trouble:
        raise OSError(stored.trouble)
    if session is None:
        return SignedOut()
    user = msgspec.structs.replace(target, email=session.email, password="", access_token="")
    backend = Backend(user, SystemClock(), stored=stored)
    untold = None
    try:
        await backend.sign_out()
    except Failed as failed:
        untold = None if failed.fault.person else failed.fault  # the session had ended there already
    finally:
        await backend.close()
    stored.remove()
    return SignedOut(session.email, untold)
