"""Faults of the simulator on the routes that send and change messages, over a plain socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.sandbox.discord import Fault, Interaction
from tests.cases import case
from tests.sandbox import discord_client
from tests.sandbox.discord_client import TOKEN, World

world = discord_client.world

ROUTES = (
    "edit_original",
    "edit_followup",
    "edit_message",
    "channel_message",
    "followup",
    "get_original",
)
MESSAGE = 4


@dataclass
class Requests:
    """Sends one request to each route, as a client without any rules of its own would."""

    world: World
    http: aiohttp.ClientSession
    interaction: Interaction
    message_id: int

    def url(self, route: str) -> str:
        server = self.world.server
        hook = f"/webhooks/{server.application_id}/{self.interaction.token}"
        channel = f"/channels/{self.world.channel.id}/messages"
        path = {
            "edit_original": f"{hook}/messages/@original",
            "get_original": f"{hook}/messages/@original",
            "edit_followup": f"{hook}/messages/{self.message_id}",
            "followup": hook,
            "channel_message": channel,
            "edit_message": f"{channel}/{self.message_id}",
        }[route]
        return server.api_url + path

    async def send(self, route: str) -> tuple[int, Any, str | None]:
        """Send the route's name; returns the answer's status, body and Retry-After header."""
        method = "PATCH" if route.startswith("edit") else "POST"
        body = None if route == "get_original" else {"content": route}
        method = "GET" if route == "get_original" else method
        headers = {"Authorization": f"Bot {TOKEN}"}
        async with self.http.request(
            method, self.url(route), json=body, headers=headers
        ) as response:
            return response.status, await response.json(), response.headers.get("Retry-After")


@pytest.fixture
async def requests(world: World) -> AsyncIterator[Requests]:
    async with aiohttp.ClientSession() as http:
        interaction = await world.note()
        callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
        answer = {"type": MESSAGE, "data": {"content": "Ready"}}
        async with http.post(world.server.api_url + callback, json=answer) as response:
            assert response.status == 204
        yield Requests(world, http, interaction, world.server.messages[0].id)


def contents(world: World) -> list[str]:
    return [message.content for message in world.server.messages]


async def test_a_lost_answer_hides_what_took_effect(requests: Requests) -> None:
    for route in ROUTES:
        with case(route):
            requests.world.server.faults.add(Fault(route, status=503))
            status, body, _ = await requests.send(route)
            assert (status, body) == (503, {"message": "503: Error", "code": 0})
            assert (route in contents(requests.world)) is (route != "get_original")
            assert (await requests.send(route))[0] == 200


async def test_a_refusal_has_no_effect(requests: Requests) -> None:
    body = {"message": "Unknown Message", "code": 10008}
    for route in ROUTES:
        with case(route):
            requests.world.server.faults.add(Fault(route, status=404, applied=False, body=body))
            assert await requests.send(route) == (404, body, None)
            assert contents(requests.world) == ["Ready"]


async def test_a_rate_limit_says_when_to_come_back(requests: Requests) -> None:
    headers = {"Retry-After": "7", "Via": "1.1 google"}
    for route in ROUTES:
        with case(route):
            fault = Fault(route, status=429, applied=False, headers=headers)
            requests.world.server.faults.add(fault)
            status, body, retry_after = await requests.send(route)
            assert (status, body["retry_after"], body["global"]) == (429, 7.0, False)
            assert retry_after == "7"
            assert contents(requests.world) == ["Ready"]


async def test_an_answer_can_be_held_back(requests: Requests) -> None:
    for route in ROUTES:
        with case(route):
            hold = asyncio.Event()
            requests.world.server.faults.add(Fault(route, hold=hold))
            waiting = asyncio.create_task(requests.send(route))
            await requests.world.server.arrived(route)
            assert (await requests.send(route))[0] == 200
            assert not waiting.done()
            hold.set()
            assert (await waiting)[0] == 200


async def test_a_connection_can_break(requests: Requests) -> None:
    for route in ROUTES:
        # Every time, for aiohttp itself sends a GET once more.
        requests.world.server.faults.add(Fault(route, times=None, applied=False, abort=True))
        with case(route), pytest.raises(aiohttp.ClientError):
            await requests.send(route)
        assert contents(requests.world) == ["Ready"]
