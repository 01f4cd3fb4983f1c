"""The gateway: a small web application that answers as a Supabase project does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from core.sandbox.chaos import SLOW_S, Faults, fault_name
from core.sandbox.functions import TEMPLATES, EdgeFunctions
from core.sandbox.gateway import rest, rpc
from core.sandbox.gateway.auth import Auth
from core.sandbox.gateway.database import Database
from core.sandbox.gateway.errors import ApiError, answer, unreachable, unsupported
from core.sandbox.limits import Dial

Handler = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]


class Gateway:
    """Routes requests to their handlers, through the faults that are on."""

    def __init__(self, auth: Auth, database: Database, functions: EdgeFunctions, *, faults: Faults, dial: Dial) -> None:
        self._auth = auth
        self._database = database
        self._functions = functions
        self._faults = faults
        self._dial = dial

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/rest/v1/rpc/{name}", self._through(self._rpc), methods=METHODS),
            Route("/rest/v1/{name}", self._through(self._rest), methods=METHODS),
            Route("/auth/v1/token", self._through(self._auth.token), methods=["POST"]),
            Route("/auth/v1/user", self._through(self._auth.user), methods=["GET"]),
            Route("/auth/v1/logout", self._through(self._auth.logout), methods=["POST"]),
            Route("/functions/v1/{name}", self._through(self._function), methods=METHODS),
            Route("/sandbox/faults", self._own(self._show_faults), methods=["GET"]),
            Route("/sandbox/faults/{name}", self._own(self._set_fault), methods=["POST"]),
            Route("/sandbox/limits", self._own(self._limits), methods=["GET", "PUT", "POST", "DELETE"]),
            Route("/sandbox/functions", self._own(self._show_functions), methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await self._database.close()

    def _through(self, handle: Handler) -> Handler:
        """Wrap a handler: faults first, then the handler; refusals become answers."""

        async def handler(request: Request) -> Response:
            if self._faults.is_on("slow"):
                await asyncio.sleep(SLOW_S)
            if self._faults.is_on("errors"):
                return HTMLResponse("<html><body><h1>503 Service Unavailable</h1></body></html>", 503)
            try:
                return await handle(request)
            except ApiError as error:
                return error.response()
            except psycopg.Error as error:
                return unreachable(error).response()

        return handler

    def _own(self, handle: Handler) -> Handler:
        """Wrap a control of the sandbox itself: secret key only, and no fault touches it."""

        async def handler(request: Request) -> Response:
            try:
                if self._auth.caller(request).role != "service_role":
                    raise ApiError(403, None, "the sandbox's controls take the secret key only")
                return await handle(request)
            except ApiError as error:
                return error.response()

        return handler

    async def _rest(self, request: Request) -> Response:
        caller = self._auth.caller(request)
        self._schema_is_public(request)
        if request.method == "OPTIONS":
            return Response(status_code=200)
        if request.method == "PUT":
            raise unsupported("PUT; upsert with POST and Prefer: resolution=merge-duplicates")
        table = await rest.find_table(self._database, request.path_params["name"])
        act = rest.read if request.method in {"GET", "HEAD"} else rest.write
        return await act(self._database, caller, request, table)

    async def _rpc(self, request: Request) -> Response:
        caller = self._auth.caller(request)
        self._schema_is_public(request)
        if request.method not in {"GET", "HEAD", "POST"}:
            raise ApiError(405, "PGRST101", "Only GET, HEAD, and POST verbs are allowed on RPC")
        return await rpc.call(self._database, caller, request, request.path_params["name"])

    def _schema_is_public(self, request: Request) -> None:
        reading = request.method in {"GET", "HEAD"}
        profile = request.headers.get("accept-profile" if reading else "content-profile", "public")
        if profile != "public":
            raise ApiError(
                406, "PGRST106", f"Invalid schema: {profile}", hint="Only the following schemas are exposed: public"
            )

    async def _function(self, request: Request) -> Response:
        if self._faults.is_on("edge_down"):
            return answer({"code": "SUPABASE_EDGE_RUNTIME_ERROR", "message": "Service is temporarily unavailable"}, 503)
        run = {
            "ai-agent-poll": self._functions.ai_agent_poll,
            "send-template-email": self._functions.send_template_email,
        }.get(request.path_params["name"])
        if run is None:
            return answer({"code": "NOT_FOUND", "message": "Requested function was not found"}, 404)
        if request.method == "OPTIONS":
            return Response(b"ok", 200, {"Access-Control-Allow-Origin": "*"}, "text/plain")
        caller = self._auth.caller(request)
        if self._dial.now.verify_jwt:
            self._auth.verify_jwt(request)
        if request.method != "POST":
            return answer({"error": "method not allowed"}, 405)
        try:
            body = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            return answer({"error": str(error)}, 400)
        told = await run(body, caller)
        return answer(told.body, told.status)

    async def _show_faults(self, _request: Request) -> Response:
        return answer(self._faults.all())

    async def _set_fault(self, request: Request) -> Response:
        try:
            name = fault_name(request.path_params["name"])
            body = msgspec.json.decode(await request.body() or b"{}", type=dict[str, bool])
            await self._faults.set(name, body["on"])
        except KeyError as error:
            known = ", ".join(self._faults.all())
            raise ApiError(404, None, f'no fault {error}; there are: {known}; the body is {{"on": true}}') from error
        except msgspec.DecodeError as error:
            raise ApiError(400, None, 'the body must be {"on": true} or {"on": false}') from error
        return answer(self._faults.all())

    async def _limits(self, request: Request) -> Response:
        """Return the limits; change those that the body names; with DELETE reset all."""
        if request.method == "DELETE":
            self._dial.put_back()
        elif request.method != "GET":
            try:
                self._dial.turn(msgspec.json.decode(await request.body(), type=dict[str, Any]))
            except msgspec.DecodeError as error:
                there = ", ".join(self._dial.now.__struct_fields__)
                raise ApiError(400, None, f"{error}; there are: {there}") from error
        return answer(self._dial.now)

    async def _show_functions(self, _request: Request) -> Response:
        functions = self._functions
        told = {"ai-agent-poll": functions.invocations, "emails": list(functions.sent), "templates": list(TEMPLATES)}
        return answer(told)
