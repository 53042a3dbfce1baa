"""Reads over sockets, on both versions."""

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    CadServer,
    ClosedCalls,
    CommunityInfo,
    ListedNote,
    OutcomeUnknownError,
    Reason,
    RefusedError,
    SonoranClient,
    Transport,
    v1,
    v2,
)
from tests import sonoran_client
from tests.cases import case
from tests.sonoran import reads
from tests.sonoran.reads import call_of, failure
from tests.sonoran_client import CREDENTIALS, KEY, NOTE

LIMIT = 32 * 1024 * 1024
ADDRESS = "203.0.113.7"
EMPTY_LIST = '{"ActiveCalls": [], "ClosedCalls": []}'

cad = sonoran_client.cad
session = sonoran_client.session
new_client = reads.new_client
client = reads.client
version = reads.version


class TestCalls:
    async def test_calls_come_with_their_notes(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.add_call(124, title="Traffic stop", code="10-11", address="Route 9")
        cad.add_note(124, "it's 'here'\nsee 🚓", label="D-2")
        cad.add_call(125)
        cad.close_call(125)
        cad.add_emergency_call(7)
        assert [call.call_id for call in (await client.get_calls(1)).calls] == [123, 124]
        found = await client.get_calls(1, ClosedCalls(10))
        assert [call.call_id for call in found.calls] == [123, 124, 125]
        assert [call.closed for call in found.calls] == [False, False, True]
        call = call_of(found, 124)
        assert call is not None
        assert (call.server_id, call.title) == (1, "Traffic stop")
        assert (call.code, call.address) == ("10-11", "Route 9")
        assert call.notes == (ListedNote("D-2", "it's 'here'\nsee 🚓"),)

    async def test_a_note_just_added_is_in_the_list(self, client: SonoranClient) -> None:
        await client.add_call_note(NOTE)
        call = call_of(await client.get_calls(NOTE.server_id), NOTE.call_id)
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

    async def test_closed_calls_come_in_pages(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for number in range(1000, 1060):
            cad.add_call(number)
            cad.close_call(number)
        pages = [await client.get_calls(1, ClosedCalls(50, skip=skip)) for skip in (0, 50)]
        listed = [{call.call_id for call in page.calls if call.closed} for page in pages]
        assert [len(each) for each in listed] == [50, 10]
        assert listed[0] | listed[1] == set(range(1000, 1060))

    async def test_a_cad_that_does_not_list_open_calls_alone_is_asked_for_one_more(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=400, body="closedLimit must be positive."))
        for _ in range(2):
            assert call_of(await client.get_calls(1), 123) is not None
        assert len(cad.requests) == 3

    async def test_closed_calls_do_not_make_the_list_of_open_ones_longer(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.add_call(124)
        for _ in range(800):
            cad.add_note(124, "🚓" * 4000)
        cad.close_call(124)
        assert call_of(await client.get_calls(1), 123) is not None

    async def test_a_list_far_larger_than_any_other_reply_is_read(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.add_call(124)
        for _ in range(50):
            cad.add_note(124, "🚓" * 4000)
        cad.add_note(123, "Suspect fled", label="D-2")
        found = call_of(await client.get_calls(1), 123)
        assert found is not None
        assert found.notes == (ListedNote("D-2", "Suspect fled"),)

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
        search = {"closedLimit": 0, "closedOffset": 0, "type": 100}
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

    def test_the_list_of_calls_alone_may_be_long(self) -> None:
        """How a limit is kept to is tested with that of the others, in `test_client.py`."""
        for wire in (v1, v2):
            request = wire.get_calls(CREDENTIALS, 1, ClosedCalls(0))
            assert request.reply_bytes == LIMIT
            others = wire.get_servers(CREDENTIALS), wire.get_version(CREDENTIALS)
            assert {each.reply_bytes for each in others} == {64 * 1024}

    async def test_a_reply_that_is_no_whole_list_is_unclear(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for fault in (
            Fault(on="calls", applied=True, abort="truncated"),
            Fault(on="calls", body=EMPTY_LIST, abort="truncated"),
            Fault(on="calls", abort="after_headers", status=200),
            Fault(on="calls", body="<!DOCTYPE html><html></html>", content_type="text/html"),
            Fault(on="calls", body=b'{"ActiveCalls": [\xe9], "ClosedCalls": []}'),
            Fault(on="calls", status=204, body=""),
        ):
            cad.faults.add(fault)
            with case(fault):
                error = await failure(client.get_calls(1))
                assert isinstance(error, OutcomeUnknownError)
                assert error.reason is Reason.UNCLEAR_REPLY

    async def test_a_refusal_is_cut_like_that_of_any_request(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", status=404, oversize=2**20))
        error = await failure(client.get_calls(1))
        assert isinstance(error, RefusedError)
        assert len(error.text) == 64 * 1024


class TestServers:
    async def test_servers_come_by_number_and_name(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        cad.add_server(2, "North County")
        found = await client.get_servers()
        assert found.whole
        assert found.servers == (CadServer(1, "Rockford Main"), CadServer(2, "North County"))
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
    async def test_the_plan_has_the_same_name_on_both_versions(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for plan in ("FREE", "STARTER", "STANDARD", "PLUS", "PRO", "SONORAN ONE"):
            cad.plan = plan
            assert await client.get_plan() == plan

    async def test_the_community_is_named_on_version_2_and_by_its_id_on_version_1(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        info = await client.get_community()
        if version is ApiVersion.V1:
            assert info == CommunityInfo("rockford", "rockford")
            assert cad.requests == []
        else:
            assert info == CommunityInfo("rockford", "Rockford", "UTC")
            assert [request.path for request in cad.requests] == ["/v2/general/info"]

    async def test_a_version_found_out_to_be_1_gives_the_community_s_id(
        self, cad: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        cad.versions = {1}
        client = SonoranClient(Transport(session, cad.url), CREDENTIALS)
        assert await client.get_community() == CommunityInfo("rockford", "rockford")
