"""Version 2 is found again where something in front of the CAD hid it for a moment."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import ApiVersion, NoEffectError, SonoranClient, Transport
from tests import sonoran_client
from tests.loop_clock import let_pass
from tests.outbox.workers import eventually
from tests.sonoran_client import CREDENTIALS, NOTE
from tests.world import PATIENCE

cad = sonoran_client.cad
session = sonoran_client.session

NO_ROUTE: dict[str, Any] = {"body": '{"message": "No", "request_id": "5a"}', "status": 404}


@pytest.fixture
def client(cad: SonoranServer, session: aiohttp.ClientSession) -> SonoranClient:
    cad.rate_limited = False
    return SonoranClient(Transport(session, cad.url), CREDENTIALS)


async def questions(cad: SonoranServer, count: int) -> None:
    """Wait until a version was asked for so often."""
    await eventually(lambda: sum(each.kind == "version" for each in cad.requests) == count)


def last_path(cad: SonoranServer) -> str:
    return cad.requests[-1].path


async def test_version_2_is_looked_for_while_others_speak_of_version_1(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.faults.add(Fault(on="version", **NO_ROUTE))
    await client.add_call_note(NOTE)
    refused = {"status": 403, "body": "Forbidden"}
    for number, answer in enumerate((NO_ROUTE, refused, {"status": 500}, {})):
        if answer:
            cad.faults.add(Fault(on="version", **answer))
        await let_pass(900.0)
        for _ in range(3):
            await client.add_call_note(NOTE)
        await questions(cad, 3 + number)  # at first version 1 was asked for, too
        assert not answer or client.api_version is ApiVersion.V1
    await eventually(lambda: client.api_version is ApiVersion.V2)
    await client.add_call_note(NOTE)
    assert last_path(cad).startswith("/v2/")
    assert len(cad.notes(123)) == 14


async def test_nobody_waits_while_version_2_is_looked_for(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.faults.add(Fault(on="version", **NO_ROUTE))
    await client.add_call_note(NOTE)
    await let_pass(900.0)
    cad.faults.add(Fault(on="version", delay=3600.0))
    async with asyncio.timeout(PATIENCE):
        await client.add_call_note(NOTE)
        await client.get_community()
    assert len(cad.notes(123)) == 2


async def test_such_a_version_1_that_went_away_is_looked_for_again_at_once(
    client: SonoranClient, cad: SonoranServer
) -> None:
    for answer in (NO_ROUTE, {"status": 500}):
        cad.faults.add(Fault(on="version", **answer))
        await client.add_call_note(NOTE)
        await let_pass(900.0 if answer is NO_ROUTE else 0.0)
    cad.versions = {2}
    with pytest.raises(NoEffectError):
        await client.add_call_note(NOTE)
    await client.add_call_note(NOTE)
