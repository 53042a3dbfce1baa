"""The reads of the CAD, through a client of either version."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from bot.sandbox.sonoran import SonoranServer
from bot.sandbox.sonoran.faults import FaultTarget
from bot.sonoran import ApiVersion, CallList, DispatchCall, SonoranClient, SonoranError, Transport
from tests.sonoran_client import CREDENTIALS

Read = Callable[[SonoranClient], Awaitable[object]]
READS: dict[FaultTarget, Read] = {
    "calls": lambda client: client.get_calls(1),
    "servers": lambda client: client.get_servers(),
    "version": lambda client: client.get_plan(),
}
NewClient = Callable[[], SonoranClient]


@pytest.fixture(params=[ApiVersion.V1, ApiVersion.V2], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> ApiVersion:
    chosen = request.param
    assert isinstance(chosen, ApiVersion)
    return chosen


@pytest.fixture
def new_client(
    cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion
) -> NewClient:
    return lambda: SonoranClient(Transport(session, cad.url), CREDENTIALS, version=version)


@pytest.fixture
def client(new_client: NewClient) -> SonoranClient:
    return new_client()


async def failure(attempt: Awaitable[object]) -> SonoranError:
    with pytest.raises(SonoranError) as caught:
        await attempt
    return caught.value


def call_of(found: CallList, call_id: int) -> DispatchCall | None:
    """Return the call of a list that has this id, None without one."""
    return next((call for call in found.calls if call.call_id == call_id), None)
