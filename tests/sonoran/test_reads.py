"""Reads over sockets, on both versions."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sandbox.sonoran.faults import FaultTarget
from bot.sonoran import (
    ApiVersion,
    CadServer,
    CallList,
    Credentials,
    CredentialsError,
    ListedNote,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranClient,
    SonoranError,
    Transport,
)
from tests import sonoran_client
from tests.clock import Clock
from tests.sonoran_client import CREDENTIALS, KEY, NOTE

LIMIT = 4 * 1024 * 1024
ADDRESS = "203.0.113.7"
EMPTY_LIST = '{"ActiveCalls": [], "ClosedCalls": []}'

Read = Callable[[SonoranClient], Awaitable[object]]
READS: dict[FaultTarget, Read] = {
    "calls": lambda client: client.get_calls(1),
    "servers": lambda client: client.get_servers(),
    "version": lambda client: client.get_plan(),
}
each_read = pytest.mark.parametrize("kind", list(READS))

clock = sonoran_client.clock
cad = sonoran_client.cad
session = sonoran_client.session


@pytest.fixture(params=[ApiVersion.V1, ApiVersion.V2], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> ApiVersion:
    chosen = request.param
    assert isinstance(chosen, ApiVersion)
    return chosen


@pytest.fixture
def client(
    cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion, clock: Clock
) -> SonoranClient:
    return SonoranClient(Transport(session, cad.url), CREDENTIALS, version=version, clock=clock)


async def failure(attempt: Awaitable[object]) -> SonoranError:
    with pytest.raises(SonoranError) as caught:
        await attempt
    return caught.value


class TestCalls:
    async def test_calls_come_with_their_notes(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.add_call(124, title="Traffic stop", code="10-11", address="Route 9")
        cad.add_note(124, "it's 'here'\nsee 🚓", label="D-2")
        cad.add_call(125)
        cad.close_call(125)
        cad.add_emergency_call(7)
        found = await client.get_calls(1)
        assert [call.call_id for call in found.calls] == [123, 124, 125]
        assert [call.closed for call in found.calls] == [False, False, True]
        call = found.find(124)
        assert call is not None
        assert (call.server_id, call.title) == (1, "Traffic stop")
        assert (call.code, call.address) == ("10-11", "Route 9")
        assert call.notes == (ListedNote("D-2", "it's 'here'\nsee 🚓"),)

    async def test_a_note_just_added_is_in_the_list(self, client: SonoranClient) -> None:
        await client.add_call_note(NOTE)
        call = (await client.get_calls(NOTE.server_id)).find(NOTE.call_id)
        assert call is not None
        assert call.notes == (ListedNote(NOTE.label, NOTE.text),)

    async def test_the_order_of_the_cad_is_kept(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.newest_note_first = True
        cad.add_note(123, "first")
        cad.add_note(123, "second")
        (call,) = (await client.get_calls(1)).calls
        assert call.notes is not None
        assert [note.text for note in call.notes] == ["second", "first"]

    async def test_a_hundred_closed_calls_are_asked_for(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for number in range(1000, 1120):
            cad.add_call(number)
            cad.close_call(number)
        found = await client.get_calls(1)
        assert sum(call.closed for call in found.calls) == 100

    async def test_the_server_named_is_the_one_listed(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.add_server(2, "Second")
        cad.add_call(9, server_id=2)
        found = await client.get_calls(2)
        assert [(call.server_id, call.call_id) for call in found.calls] == [(2, 9)]
        assert found.server_id == 2

    async def test_an_unknown_server_is_an_ordinary_no(self, client: SonoranClient) -> None:
        error = await failure(client.get_calls(9))
        assert type(error) is RefusedError
        assert error.text

    async def test_the_request_of_a_version_is_the_documented_one(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        await client.get_calls(1)
        (request,) = cad.requests
        search = {"closedLimit": 100, "closedOffset": 0, "type": 0}
        if version is ApiVersion.V1:
            assert (request.method, request.path) == ("POST", "/emergency/get_calls")
            assert request.json == {
                "id": "rockford",
                "key": KEY,
                "type": "GET_CALLS",
                "data": [{"serverId": 1, **search}],
            }
        else:
            assert (request.method, request.path) == ("GET", "/v2/emergency/servers/1/calls")
            assert request.query == {name: str(value) for name, value in search.items()}
            assert request.headers["Authorization"] == f"Bearer {KEY}"
            assert request.body == b""

    async def test_a_list_larger_than_any_other_reply_is_read(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for number in range(1000, 1200):
            cad.add_call(number)
            cad.add_note(number, "x" * 10_000)
        found = await client.get_calls(1)
        assert len(found.calls) == 201

    async def test_a_list_of_exactly_the_limit_is_read(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", body=EMPTY_LIST.rjust(LIMIT)))
        assert await client.get_calls(1) == CallList(1, ())

    @pytest.mark.parametrize(
        "fault",
        [
            {"body": EMPTY_LIST.ljust(LIMIT + 1)},
            {"applied": True, "abort": "truncated"},
            {"body": EMPTY_LIST, "abort": "truncated"},
            {"abort": "after_headers", "status": 200},
            {"body": "<!DOCTYPE html><html></html>", "content_type": "text/html"},
            {"body": b'{"ActiveCalls": ["\xe9"], "ClosedCalls": []}'},
            {"status": 204, "body": ""},
        ],
        ids=lambda fault: str(fault)[:60],
    )
    async def test_a_reply_that_is_no_whole_list_is_unclear(
        self, client: SonoranClient, cad: SonoranServer, fault: dict[str, object]
    ) -> None:
        cad.faults.add(Fault(on="calls", **fault))  # type: ignore[arg-type]
        error = await failure(client.get_calls(1))
        assert isinstance(error, OutcomeUnknownError)
        assert error.reason is Reason.UNCLEAR_REPLY

    async def test_a_refusal_is_cut_like_that_of_any_request(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=404, oversize=LIMIT))
        error = await failure(client.get_calls(1))
        assert isinstance(error, RefusedError)
        assert len(error.text) == 64 * 1024


class TestServers:
    async def test_servers_come_by_number_and_name(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        cad.add_server(2, "North County")
        found = await client.get_servers()
        assert found == (CadServer(1, "Rockford Main"), CadServer(2, "North County"))
        (request,) = cad.requests
        if version is ApiVersion.V1:
            assert request.path == "/general/get_servers"
            assert request.json == {
                "id": "rockford",
                "key": KEY,
                "type": "GET_SERVERS",
                "data": [],
            }
        else:
            assert (request.method, request.path) == ("GET", "/v2/general/servers")

    async def test_no_address_of_a_game_server_leaves(
        self, client: SonoranClient, cad: SonoranServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        assert ADDRESS not in repr(await client.get_servers())
        cad.faults.add(Fault(on="servers", applied=True, abort="truncated"))
        error = await failure(client.get_servers())
        assert isinstance(error, OutcomeUnknownError)
        assert ADDRESS not in f"{error!r} {vars(error)} {caplog.text}"


class TestCommunity:
    @pytest.mark.parametrize("plan", ["FREE", "STARTER", "STANDARD", "PLUS", "PRO", "SONORAN ONE"])
    async def test_the_plan_has_the_same_name_on_both_versions(
        self, client: SonoranClient, cad: SonoranServer, plan: str
    ) -> None:
        cad.plan = plan
        assert await client.get_plan() == plan

    async def test_the_community_is_named_on_version_2_and_by_its_id_on_version_1(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        name = await client.get_community()
        if version is ApiVersion.V1:
            assert name == CREDENTIALS.community_id
            assert cad.requests == []
        else:
            assert name == "Rockford"
            assert [request.path for request in cad.requests] == ["/v2/general/info"]

    async def test_a_version_found_out_to_be_1_gives_the_community_s_id(
        self, cad: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        cad.versions = {1}
        client = SonoranClient(Transport(session, cad.url), CREDENTIALS)
        assert await client.get_community() == CREDENTIALS.community_id


class TestFailures:
    @each_read
    async def test_a_refused_key_is_remembered_for_notes_and_reads(
        self, client: SonoranClient, cad: SonoranServer, kind: FaultTarget
    ) -> None:
        cad.api_key = "renewed-key"
        fresh = await failure(READS[kind](client))
        assert isinstance(fresh, CredentialsError)
        assert (fresh.remembered, fresh.retry_in) == (False, 60.0)
        for attempt in (client.add_call_note(NOTE), *(read(client) for read in READS.values())):
            again = await failure(attempt)
            assert isinstance(again, CredentialsError)
            assert again.remembered
        assert len(cad.requests) == 1

    @each_read
    async def test_a_read_that_is_taken_starts_the_time_of_refusals_anew(
        self, client: SonoranClient, cad: SonoranServer, clock: Clock, kind: FaultTarget
    ) -> None:
        cad.api_key = "renewed-key"
        await failure(READS[kind](client))
        clock.seconds += 60.0
        cad.api_key = KEY
        await READS[kind](client)
        cad.api_key = "renewed-key"
        error = await failure(READS[kind](client))
        assert isinstance(error, CredentialsError)
        assert error.retry_in == 60.0

    @each_read
    async def test_a_rate_limit_carries_its_delay(
        self, client: SonoranClient, cad: SonoranServer, kind: FaultTarget
    ) -> None:
        cad.faults.add(Fault(on=kind, status=429, headers={"Retry-After": "120"}))
        error = await failure(READS[kind](client))
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == 120.0

    @each_read
    async def test_a_version_that_is_not_served_is_a_wrong_address(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion, kind: FaultTarget
    ) -> None:
        cad.versions = {3 - version.value}
        error = await failure(READS[kind](client))
        assert isinstance(error, NoEffectError)
        assert error.reason is Reason.WRONG_ADDRESS

    @each_read
    async def test_a_repeated_key_is_blotted_out(
        self, cad: SonoranServer, session: aiohttp.ClientSession, kind: FaultTarget
    ) -> None:
        key = "distinctive-5f1d7c-key"
        client = SonoranClient(Transport(session, cad.url), Credentials(key, "rockford"))
        cad.faults.add(Fault(on=kind, status=400, body=f"wrong {key}"))
        error = await failure(READS[kind](client))
        assert key not in f"{error!r} {vars(error)}"


@pytest.mark.parametrize(
    ("version", "status", "body"),
    [(2, 402, '{"title": "Plan"}'), (2, 403, '{"title": "No"}'), (1, 400, "VERSION PRO REQUIRED")],
)
async def test_a_right_that_a_read_lacks_does_not_keep_notes_back(
    cad: SonoranServer, session: aiohttp.ClientSession, version: int, status: int, body: str
) -> None:
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=ApiVersion(version))
    cad.faults.add(Fault(on="calls", status=status, body=body))
    with pytest.raises(CredentialsError):
        await client.get_calls(1)
    await client.add_call_note(NOTE)
    assert len(cad.notes(123)) == 1
