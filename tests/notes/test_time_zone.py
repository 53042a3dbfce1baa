"""The zone of a community's times, by what its CAD says of it."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.notes.time_zone import TimeZones
from bot.outbox import HOST
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import ApiVersion, NoEffectError, SonoranClient, Transport
from tests import sonoran_client
from tests.loop_clock import let_pass
from tests.sonoran_client import CREDENTIALS
from tests.timing import QUICK

cad = sonoran_client.cad
session = sonoran_client.session


@pytest.fixture
async def zones(cad: SonoranServer, session: aiohttp.ClientSession) -> TimeZones:
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=ApiVersion.V2)
    return TimeZones(lambda _: client, None, QUICK)


@pytest.mark.parametrize("name", ["Central Standard Time", "", "../UTC"])
async def test_it_is_utc_where_the_cads_name_is_none(
    zones: TimeZones, cad: SonoranServer, name: str
) -> None:
    cad.time_zone = name
    assert await zones.of(HOST) is UTC


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="info", times=None, status=500),
        Fault(on="info", times=None, status=403),
        Fault(on="info", times=None, body="[]"),
        Fault(on="info", times=None, abort="before"),
        Fault(on="info", times=None, body='{"community": {"comId": "rockford"}}'),
    ],
    ids=["error", "refused", "unreadable", "cut", "without"],
)
async def test_it_is_utc_until_the_cad_tells_it(
    zones: TimeZones, cad: SonoranServer, fault: Fault
) -> None:
    cad.time_zone = "America/Chicago"
    cad.faults.add(fault)
    assert await zones.of(HOST) is UTC
    cad.faults.clear()
    await let_pass(QUICK.keep_good_news + 1)
    assert await zones.of(HOST) == ZoneInfo("America/Chicago")


async def test_it_is_utc_while_version_1_is_in_use_which_does_not_tell_it(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.time_zone, cad.versions = "America/Chicago", {1}
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS)
    zones = TimeZones(lambda _: client, None, QUICK)
    assert await zones.of(HOST) is UTC
    cad.versions = {2}
    with pytest.raises(NoEffectError):
        await client.get_plan()
    await let_pass(QUICK.keep_good_news + 1)
    assert await zones.of(HOST) == ZoneInfo("America/Chicago")


async def test_a_community_that_tells_no_time_zone_is_not_asked_at_each_note(
    zones: TimeZones, cad: SonoranServer
) -> None:
    cad.faults.add(Fault(on="info", times=None, body='{"community": {"comId": "rockford"}}'))
    for _ in range(3):
        assert await zones.of(HOST) is UTC
        await let_pass(QUICK.keep_bad_news + 1)
    assert [each.kind for each in cad.requests].count("info") == 1
