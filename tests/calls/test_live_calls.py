"""Live calls are read once for all who look, seldom, and kept when the CAD is out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from bot.calls import live_calls
from bot.calls.live_calls import LiveCalls, LiveList
from bot.outbox import ReadSlots
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import ApiVersion, CallList, DispatchCall, SonoranClient, Transport
from bot.storage import Database
from bot.timing import Timing, loop_time
from tests import database as databases
from tests import sonoran_client
from tests.loop_clock import idle, let_pass
from tests.sonoran_client import CREDENTIALS

engine = databases.engine
address = databases.address
database = databases.database
cad = sonoran_client.cad
session = sonoran_client.session

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

PATIENT = 30.0


@pytest.fixture(params=list(ApiVersion), ids=str)
def version(request: pytest.FixtureRequest) -> ApiVersion:
    assert isinstance(request.param, ApiVersion)
    return request.param


@pytest.fixture
def per_minute() -> int:
    return 600


@pytest.fixture
async def live(
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    database: Database,
    per_minute: int,
    version: ApiVersion,
) -> AsyncIterator[LiveCalls]:
    cad.rate_limited = False
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=version)
    slots = ReadSlots(database, "", per_minute)
    made = LiveCalls(lambda _: client, lambda _: slots, timing=replace(Timing(), keep_calls=900.0))
    yield made
    await made.close()


def reads(cad: SonoranServer) -> int:
    return sum(request.kind == "calls" for request in cad.requests)


async def got(live: LiveCalls, server_id: int = 1, max_age: float = 0.0) -> LiveList:
    found = await live.get("", server_id, max_age=max_age, wait=PATIENT)
    assert found is not None
    return found


def ids(calls: LiveList | None) -> list[int]:
    assert calls is not None
    return [call.call_id for call in calls.calls.calls]


on_version_2 = pytest.mark.parametrize("version", [ApiVersion.V2], indirect=True, ids=str)


async def test_the_calls_of_a_server_are_read_live_and_closed(
    live: LiveCalls, cad: SonoranServer
) -> None:
    cad.add_call(124, title="Fire", postal="305", priority="High")
    cad.add_call(99)
    cad.close_call(99)
    cad.add_emergency_call(7)
    cad.add_emergency_call(124)
    found = await got(live)
    assert ids(found) == [123, 124, 99]
    fire, closed = found.find(124), found.find(99)
    assert fire is not None
    assert (fire.title, fire.postal, fire.priority) == ("Fire", "305", "High")
    assert closed is not None
    assert closed.closed
    assert found.find(7) is None
    assert [number for number in (7, 99, 124, 5) if found.is_emergency_alone(number)] == [7]


@on_version_2
class TestReading:
    async def test_however_many_look_the_list_is_read_once_in_20_seconds(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        found = await asyncio.gather(*(got(live) for _ in range(100)))
        assert all(each is found[0] for each in found)
        await let_pass(19.0)
        await asyncio.gather(*(got(live) for _ in range(100)))
        assert reads(cad) == 1
        await let_pass(1.1)
        cad.add_call(124)
        assert ids(await got(live)) == [123, 124]
        assert reads(cad) == 2

    async def test_nothing_is_read_while_nobody_looks(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        assert live.known("", 1) is None
        await got(live)
        await let_pass(600.0)
        assert live.known("", 1) is not None
        assert reads(cad) == 1

    async def test_a_list_that_is_young_enough_is_not_waited_for(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        first = await got(live)
        await let_pass(25.0)
        held = asyncio.Event()
        cad.faults.add(Fault(on="calls", applied=True, hold=held))
        assert await live.get("", 1, max_age=60.0, wait=PATIENT) is first
        held.set()
        assert await got(live) is not first

    async def test_an_old_list_is_returned_with_its_age_when_no_newer_one_comes_in_time(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        first = await got(live)
        await let_pass(300.0)
        held = asyncio.Event()
        cad.faults.add(Fault(on="calls", applied=True, hold=held))
        found = await live.get("", 1, max_age=60.0, wait=0.01)
        assert found is first
        assert found.age >= 300.0
        held.set()

    async def test_each_server_has_its_own_list(self, live: LiveCalls, cad: SonoranServer) -> None:
        cad.add_server(2, "North")
        cad.add_call(5, server_id=2)
        assert ids(await got(live, 2)) == [5]
        assert ids(await got(live, 1)) == [123]

    @pytest.mark.parametrize("per_minute", [4])
    async def test_one_read_a_minute_is_left_to_notes_in_doubt(
        self, live: LiveCalls, cad: SonoranServer, database: Database
    ) -> None:
        for _ in range(4):
            await live.get("", 1, wait=PATIENT)
            await let_pass(10.0)
            await live.get("", 1, wait=PATIENT)
            await let_pass(10.1)
        assert reads(cad) == 3
        assert await ReadSlots(database, "", 4).acquire() == 0

    async def test_those_who_listen_hear_of_each_newer_list(self, live: LiveCalls) -> None:
        heard: list[tuple[str, int]] = []
        live.listen(lambda community, server_id: heard.append((community, server_id)))
        await got(live)
        assert heard == [("", 1)]


@on_version_2
class TestTrouble:
    @pytest.mark.parametrize(
        "fault",
        [Fault(on="calls", body="{}"), Fault(on="calls", status=401)],
        ids=["unreadable", "401"],
    )
    async def test_trouble_leaves_the_list_that_was_there(
        self, live: LiveCalls, cad: SonoranServer, fault: Fault
    ) -> None:
        first = await got(live)
        await let_pass(21.0)
        cad.faults.add(fault)
        assert await got(live) is first
        await let_pass(41.0)
        assert await got(live) is not first

    async def test_without_any_list_there_is_none_and_no_error(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=500))
        assert await live.get("", 1, wait=PATIENT) is None
        assert await live.get("", 9, wait=PATIENT) is None

    async def test_a_delay_that_the_cad_asks_for_is_waited_out(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=429, headers={"Retry-After": "90"}))
        assert await live.get("", 1, wait=PATIENT) is None
        await let_pass(89.0)
        assert await live.get("", 1, wait=PATIENT) is None
        await let_pass(2.0)
        assert await live.get("", 1, wait=PATIENT) is not None
        assert reads(cad) == 2

    async def test_a_cad_that_fails_is_asked_less_and_less_often(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=500, times=None))
        for _ in range(60):
            await live.get("", 1, wait=PATIENT)
            await let_pass(10.0)
        assert 5 <= reads(cad) <= 8

    @pytest.mark.parametrize("per_minute", [10_000])
    async def test_a_cad_that_fails_for_days_is_still_asked_seldom(
        self, live: LiveCalls, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=500, times=None))
        usual, live.timing = live.timing, replace(live.timing, read_calls_again=0.0)
        for _ in range(1030):
            await live.get("", 1, wait=PATIENT)
        live.timing = usual
        for _ in range(3):
            await live.get("", 1, wait=PATIENT)
            await let_pass(25.0)
        assert reads(cad) == 1031

    async def test_a_database_out_of_reach_leaves_the_list_that_was_there(
        self, live: LiveCalls, database: Database
    ) -> None:
        first = await got(live)
        await let_pass(21.0)
        await database.close()
        assert await got(live) is first


@on_version_2
class TestSeen:
    async def test_what_the_reconciler_reads_is_taken_in_and_spares_a_read(
        self, live: LiveCalls, cad: SonoranServer, database: Database
    ) -> None:
        cad.add_call(99)
        cad.close_call(99)
        await got(live)
        await let_pass(21.0)
        live.seen("", CallList(1, (DispatchCall(1, 7, "", "", "", False, ()),)), loop_time())
        await live.get("", 1, wait=PATIENT)
        await asyncio.to_thread(lambda: None)
        await idle(database)
        found = live.known("", 1)
        assert ids(found) == [7, 99]
        assert reads(cad) == 1

    async def test_what_was_read_earlier_replaces_nothing(
        self, live: LiveCalls, database: Database
    ) -> None:
        began = loop_time()
        first = await got(live)
        live.seen("", CallList(1, ()), began)
        await idle(database)
        assert live.known("", 1) is first

    async def test_a_list_that_nobody_needs_is_not_taken_in(self, live: LiveCalls) -> None:
        live.seen("", CallList(1, ()), loop_time())
        assert len(live) == 0


@on_version_2
class TestKept:
    async def test_a_list_that_nobody_needs_any_more_is_dropped(self, live: LiveCalls) -> None:
        await got(live)
        await let_pass(600.0)
        await got(live, max_age=1e9)
        await let_pass(600.0)
        assert len(live) == 1
        await let_pass(301.0)
        assert len(live) == 0

    async def test_two_hundred_communities_take_no_lists_from_each_other(
        self, live: LiveCalls
    ) -> None:
        for number in range(200):
            await live.get(f"community-{number}", 1)
        assert len(live) == 200

    async def test_above_so_many_lists_those_are_dropped_that_nobody_needs(
        self, live: LiveCalls, cad: SonoranServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_calls, "MOST_LISTS", 5)
        for _ in range(2):
            for number in range(1, 10):
                await live.get("", number, wait=PATIENT)
        assert reads(cad) == len(live) == 9
        await let_pass(61.0)
        await live.get("", 1)
        assert len(live) == live_calls.MOST_LISTS
        assert live.known("", 1) is not None
