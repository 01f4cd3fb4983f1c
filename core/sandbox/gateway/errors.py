"""Errors in the API's form: PostgREST's bodies and statuses."""

from typing import Any, Final

import msgspec
import psycopg
from starlette.responses import Response

from core.base.errors import WatchdeskError


class ApiError(WatchdeskError):
    """A refusal as an answer."""

    def __init__(
        self, status: int, code: str | None, message: str, *, details: Any = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "details": details, "hint": hint, "message": message}

    def response(self) -> Response:
        """Return the HTTP answer."""
        return answer(self.body, self.status)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(body), status, headers, "application/json; charset=utf-8")


def unsupported(what: str) -> ApiError:
    """Return the error of something the sandbox does not support, instead of guessing."""
    return ApiError(501, None, f"this sandbox does not support {what}")


def bad_request(message: str, code: str = "PGRST100", details: str | None = None) -> ApiError:
    """Return the error of a request that does not parse."""
    return ApiError(400, code, message, details=details)


_BY_STATE: Final = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "21000": 400,
    "22023": 400,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "42501": 403,
    "57014": 500,
    "P0001": 400,
    "53400": 500,
}

_BY_CLASS: Final = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 413,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}


def of_database(error: psycopg.Error, role: str) -> ApiError:
    """Return a PostgreSQL error as PostgREST reports it: an anonymous 42501 is 401, a broken connection 503."""
    state = error.sqlstate
    if state is None or state.startswith("57P"):
        return ApiError(
            503, "PGRST001", "Database client error. Retrying the connection.", details=str(error).splitlines()[0]
        )
    anonymous = state == "42501" and role == "anon"
    status = 401 if anonymous else _BY_STATE.get(state, _BY_CLASS.get(state[:2], 400))
    told = error.diag
    return ApiError(
        status, state, told.message_primary or str(error), details=told.message_detail, hint=told.message_hint
    )


def unreachable(error: Exception) -> ApiError:
    """Return the error of no connection to the database at all."""
    first = (str(error).splitlines() or ["no reason given"])[0]
    return ApiError(503, "PGRST000", "Database connection error. Retrying the connection.", details=first)
