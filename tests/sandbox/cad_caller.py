"""The simulator of Sonoran CAD with one call, and a caller who talks plain HTTP to it.

A test module takes over the fixtures that it uses: `cad = cad_caller.cad`.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.sandbox.sonoran import SonoranServer
from tests.clock import Clock

NOTES = "/v2/emergency/servers/1/dispatch-calls/123/notes"
CALLS = "/v2/emergency/servers/1/calls"
BACKEND = "Backend Service Reached"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Caller:
    def __init__(self, session: aiohttp.ClientSession, cad: SonoranServer) -> None:
        self.session = session
        self.cad = cad

    async def v1(
        self, path: str, data: object, **members: object
    ) -> tuple[int, str, Mapping[str, str]]:
        body = {
            "id": "rockford",
            "key": "sandbox-key",
            "type": path.rpartition("/")[2].upper(),
            "data": data,
            **members,
        }
        async with self.session.post(self.cad.url + path, json=body) as reply:
            return reply.status, await reply.text(), reply.headers

    async def v1_note(self, **members: object) -> tuple[int, str]:
        entry = {"serverId": 1, "callId": 123, "note": "it's 'here'", **members}
        status, text, _ = await self.v1("/emergency/add_call_note", [entry])
        return status, text

    async def v1_json(self, path: str, data: object) -> Any:
        status, text, _ = await self.v1(path, data)
        assert status == 200
        return json.loads(text)

    async def get(self, path: str, **query: str) -> aiohttp.ClientResponse:
        headers = {"Authorization": "Bearer sandbox-key"}
        reply = await self.session.get(self.cad.url + path, params=query, headers=headers)
        await reply.read()
        return reply

    async def note(
        self, path: str = NOTES, authorization: str = "Bearer sandbox-key", **members: object
    ) -> aiohttp.ClientResponse:
        reply = await self.session.post(
            self.cad.url + path,
            json={"note": "Hung up", **members},
            headers={"Authorization": authorization},
        )
        await reply.read()
        return reply


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def cad(clock: Clock) -> AsyncIterator[SonoranServer]:
    async with SonoranServer(clock=clock, now=lambda: MOMENT) as server:
        server.add_call(123, title="Traffic stop", code="10-11", address="Route 9", postal="305")
        yield server


@pytest.fixture
async def caller(cad: SonoranServer) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, cad)


async def problem_of(reply: aiohttp.ClientResponse) -> dict[str, object]:
    assert reply.content_type == "application/problem+json"
    problem: dict[str, object] = await reply.json(content_type=None)
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "traceId"}
    assert problem["status"] == reply.status
    assert problem["traceId"] == reply.headers["X-Trace-Id"]
    return problem
