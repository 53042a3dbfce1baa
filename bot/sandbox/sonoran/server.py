"""The HTTP server of the simulator: listens on the loopback interface, records, answers."""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from bot.sandbox.changes import Changes
from bot.sandbox.sonoran.answers import TEXT, Answer, backend_reached, json_answer
from bot.sandbox.sonoran.community import Community
from bot.sandbox.sonoran.delivery import deliver
from bot.sandbox.sonoran.faults import Fault, Faults
from bot.sandbox.sonoran.rate_limit import RateLimits
from bot.sandbox.sonoran.requests import RecordedRequest, read_request
from bot.sandbox.sonoran.v1 import answer_v1
from bot.sandbox.sonoran.v2 import answer_v2

HOST = "127.0.0.1"

AbsentAnswer = Literal["backend", "html", "404"]


class SonoranServer(Community):
    """A community and the service that answers for it, at `url` between start and stop.

    `others` are further communities that it answers for: in v2 the key says which is meant, in v1
    the community id. Each has faults of its own; a request for none meets those of the first.
    `versions` are the API versions served. A path of a version that is not answers as
    `absent_answer` says: `backend` 200 "Backend Service Reached" (official FiveM client),
    `html` a web page with 200, `404` the gateway's JSON (the last two are choices).
    `rate_limited` switches the v2 limits, counted in `rate_limits` by `clock` (seconds);
    none is known for v1. `faults` are the ways to misbehave next; `requests` is everything that
    arrived, in order. It takes a free port, which a later start takes again. `now` gives the time
    of notes, with its zone.

    The effect of a request without a delay happens before anybody waiting in `received` runs.
    """

    def __init__(
        self,
        community_id: str = "rockford",
        api_key: str = "sandbox-key",
        clock: Callable[[], float] = time.monotonic,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(community_id, api_key, now)
        self.versions = {1, 2}
        self.absent_answer: AbsentAnswer = "backend"
        self.rate_limited = True
        self.rate_limits = RateLimits(clock)
        self.faults = Faults()
        self.others: list[Community] = []
        self.requests: list[RecordedRequest] = []
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._changes = Changes()

    @property
    def url(self) -> str:
        """The base address without a final slash. Raises RuntimeError before the first start."""
        if not self._port:
            raise RuntimeError("the server has not been started yet")
        return f"http://{HOST}:{self._port}"

    @property
    def note_requests(self) -> list[RecordedRequest]:
        """The requests that tried to add a note, refused and failed ones too."""
        return [request for request in self.requests if request.kind == "note"]

    def add_community(self, community_id: str, api_key: str) -> Community:
        """Answer for one more community, and return it."""
        community = Community(community_id, api_key, self._now)
        community.faults = Faults()
        self.others.append(community)
        return community

    async def received(self, count: int) -> None:
        """Wait until that many requests to add a note have arrived since the server was made."""
        await self._changes.until(lambda: len(self.note_requests) >= count)

    async def start(self) -> None:
        """Begin to listen. Raises RuntimeError when listening already, OSError without the port."""
        if self._runner is not None:
            raise RuntimeError("the server has been started already")
        application = web.Application(client_max_size=0)  # no limit is known
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.on_shutdown.append(self._end_tasks)
        # Handlers end with their caller's connection, so nothing outlives a held request.
        runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Stop listening and close every connection, also of requests not answered yet."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is not None:
            self._track(task)
        record = await read_request(request)
        community = self._community_of(record)
        self.requests.append(record)
        self._changes.announce()
        fault = community.faults.take(record.kind)
        if fault is None:
            answer = self._answer(community, record)
        else:
            answer = await self._faulty_answer(community, record, fault)
        answer.headers.setdefault("X-Kong-Request-Id", secrets.token_hex(16))
        return await deliver(request, record, answer, fault)

    def _community_of(self, record: RecordedRequest) -> Community:
        """Return the community that a request is for, and note it; the first for that of none."""
        body = record.json if isinstance(record.json, dict) else {}
        for community in (self, *self.others):
            by_key = record.bearer == community.api_key
            if by_key or body.get("id") == community.community_id:
                if by_key or body.get("key") == community.api_key:
                    record.community = community.community_id
                return community
        return self

    async def _faulty_answer(
        self, community: Community, record: RecordedRequest, fault: Fault
    ) -> Answer:
        if fault.survives_disconnect:
            effect = asyncio.create_task(self._effect(community, record, fault))
            self._track(effect)
            normal = await asyncio.shield(effect)
        else:
            normal = await self._effect(community, record, fault)
        if fault.delay_after:
            await asyncio.sleep(fault.delay_after)
        if fault.hold is not None:
            await fault.hold.wait()
        return fault.replace(normal)

    async def _effect(
        self, community: Community, record: RecordedRequest, fault: Fault
    ) -> Answer | None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        return self._answer(community, record) if fault.applied else None

    def _answer(self, community: Community, record: RecordedRequest) -> Answer:
        version = 2 if record.path == "/v2" or record.path.startswith("/v2/") else 1
        if version not in self.versions:
            return self._absent_answer()
        if version == 1:
            return answer_v1(community, record)
        return answer_v2(community, self.rate_limits if self.rate_limited else None, record)

    def _absent_answer(self) -> Answer:
        if self.absent_answer == "backend":
            return backend_reached()
        if self.absent_answer == "html":
            page = b"<!DOCTYPE html><html><head><title>Sonoran CAD</title></head></html>"
            return Answer(200, page, TEXT.replace("plain", "html"))
        request_id = secrets.token_hex(16)
        body = {"message": "no Route matched with those values", "request_id": request_id}
        answer = json_answer(404, body)
        answer.headers["X-Kong-Request-Id"] = request_id
        return answer

    def _track(self, task: asyncio.Task[object]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_tasks(self, application: web.Application) -> None:
        for task in list(self._tasks):
            task.cancel()
