"""The way of one REST request through the simulator: reading, recording, faults, answering."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.errors import ApiError, invalid_json, unauthorized, unknown_route
from bot.sandbox.discord.faults import Fault, Faults
from bot.sandbox.discord.snowflakes import Snowflakes

BASE_PATH = "/api/v10"


@dataclass(eq=False)
class RecordedRequest:
    """One request to the REST interface and what it got.

    `path` is below the base path of the API; `body` the parsed JSON body or None; `route` the
    route's name, "" for a path that does not exist; `status` None until answered and for an
    aborted connection; `answer` the JSON that was answered, `answered_at` when, in seconds of the
    monotonic clock.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any = None
    route: str = ""
    status: int | None = None
    answer: Any = None
    answered_at: float | None = None


@dataclass(frozen=True)
class Call:
    """What a route's handler gets: path parameters, query, JSON body and uploaded files."""

    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: list[Attachment]

    def id(self, name: str) -> int:
        """Return a path parameter that must be a snowflake.

        Raises `ApiError` 400/50035 for anything else.
        """
        value = self.parameters[name]
        if not value.isdecimal():
            errors = {name: {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": value}]}}
            raise ApiError(400, 50035, "Invalid Form Body", errors)
        return int(value)

    def flag(self, name: str) -> bool:
        """Return whether a query parameter is switched on."""
        return self.query.get(name, "").lower() in {"1", "true"}


@dataclass(frozen=True)
class Answer:
    """What a request gets: a status and a JSON body, None for an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
"""Handlers never wait, so that each request takes effect in one piece."""


@dataclass(frozen=True)
class Route:
    """One REST route; `open` routes carry their token in the path instead of a header."""

    name: str
    method: str
    path: str
    handler: Handler
    open: bool = False


class RestInterface:
    """Serves the routes below the base path; `others` are what else can have faults."""

    def __init__(
        self,
        token: str,
        routes: list[Route],
        others: Iterable[str],
        snowflakes: Snowflakes,
        announce: Callable[[], None],
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self.faults = Faults([*(route.name for route in routes), *others])
        self._authorization = f"Bot {token}"
        self._routes = routes
        self._snowflakes = snowflakes
        self._announce = announce

    def add_to(self, application: web.Application) -> None:
        """Register every route, and the answer for paths that do not exist."""
        for route in self._routes:
            path = BASE_PATH + route.path
            application.router.add_route(route.method, path, self._serve(route))
        application.router.add_route("*", "/{path:.*}", self._serve(None))

    def _serve(self, route: Route | None) -> Callable[[web.Request], "Any"]:
        async def serve(request: web.Request) -> web.StreamResponse:
            record = RecordedRequest(
                request.method,
                request.path.removeprefix(BASE_PATH),
                dict(request.query),
                request.headers.copy(),
                route=route.name if route else "",
            )
            self.requests.append(record)
            self._announce()
            try:
                body, files = await self._read(request)
                record.body = body
            except ValueError:
                return self._respond(record, _refusal(invalid_json()))
            call = Call(dict(request.match_info), record.query, body, files)
            fault = self.faults.take(route.name) if route else None
            if route is None:
                return self._respond(record, _refusal(unknown_route()))
            if fault is None:
                return self._respond(record, self._run(route, record, call))
            return await self._fail(fault, route, record, call, request)

        return serve

    def _run(self, route: Route, record: RecordedRequest, call: Call) -> Answer:
        """Apply the request. Discord API docs, API Reference, "Authentication"."""
        if not route.open and record.headers.get("Authorization") != self._authorization:
            return _refusal(unauthorized())
        try:
            return route.handler(call)
        except ApiError as error:
            return _refusal(error)

    async def _fail(
        self,
        fault: Fault,
        route: Route,
        record: RecordedRequest,
        call: Call,
        request: web.Request,
    ) -> web.StreamResponse:
        answer: Answer | None = None
        if fault.applied:
            answer = self._run(route, record, call)
        await fault.wait()
        if fault.abort:
            if request.transport is not None:
                request.transport.abort()
            self._announce()
            # Never read: the connection is gone.
            return web.Response(status=500)
        if fault.status is not None:
            answer = Answer(fault.status, fault.answer_body(), fault.headers)
        elif answer is None:
            answer = self._run(route, record, call)
        return self._respond(record, answer)

    def _respond(self, record: RecordedRequest, answer: Answer) -> web.StreamResponse:
        record.status = answer.status
        record.answer = answer.body
        record.answered_at = time.monotonic()
        self._announce()
        if answer.body is None:
            return web.Response(status=answer.status, headers=answer.headers)
        if isinstance(answer.body, str):
            headers = {"Content-Type": "text/html"} | dict(answer.headers)
            return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)
        # Without a charset: Discord sends none, and clients compare the whole header.
        headers = {"Content-Type": "application/json"} | dict(answer.headers)
        body = json.dumps(answer.body).encode()
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _read(self, request: web.Request) -> tuple[Any, list[Attachment]]:
        """Return the JSON body and the uploaded files.

        Files come in a multipart body with the JSON in its `payload_json` part (Discord API
        docs, API Reference, "Uploading Files"). Raises ValueError for broken JSON.
        """
        if not request.content_type.startswith("multipart/"):
            raw = await request.read()
            return (json.loads(raw) if raw else None), []
        body: Any = None
        files: list[Attachment] = []
        async for part in await request.multipart():
            content = await part.read()  # type: ignore[union-attr]
            if part.name == "payload_json":  # type: ignore[union-attr]
                body = json.loads(content)
            else:
                name = part.filename or "file"  # type: ignore[union-attr]
                files.append(
                    Attachment(
                        self._snowflakes.next(), name, bytes(content), f"http://{request.host}"
                    )
                )
        return body, files


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, error.body())
