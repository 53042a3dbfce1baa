import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.standins.sonoran_server import AbsentAnswer, Fault, SonoranServer

NOTES = "/v2/emergency/servers/1/dispatch-calls/123/notes"
CALLS = "/v2/emergency/servers/1/calls"
BACKEND = "Backend Service Reached"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


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


class TestV1:
    async def test_adds_a_note_and_quotes_it_unescaped(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        assert await caller.v1_note(label="D-2") == (
            200,
            "NOTE 'it's 'here'' added to call #123",
        )
        (note,) = cad.notes(123)
        assert (note.label, note.type, note.content) == ("D-2", "text", "it's 'here'")
        assert note.time == MOMENT

    async def test_labels_a_note_without_label(self, caller: Caller, cad: SonoranServer) -> None:
        await caller.v1_note()
        assert [note.label for note in cad.notes(123)] == ["Sonoran CAD"]

    @pytest.mark.parametrize(
        ("members", "text"),
        [
            ({"id": "elsewhere"}, "INVALID COMMUNITY ID"),
            ({"key": "wrong"}, "INVALID API KEY"),
            ({"type": "GET_CALLS"}, "INVALID REQUEST TYPE"),
        ],
    )
    async def test_refuses_with_a_documented_text(
        self, caller: Caller, cad: SonoranServer, members: dict[str, object], text: str
    ) -> None:
        data = [{"serverId": 1, "callId": 123, "note": "x"}]
        status, body, headers = await caller.v1("/emergency/add_call_note", data, **members)
        assert (status, body) == (400, text)
        assert headers["Content-Type"].startswith("text/plain")
        assert cad.notes(123) == []

    async def test_refuses_while_the_api_is_off(self, caller: Caller, cad: SonoranServer) -> None:
        cad.api_enabled = False
        assert await caller.v1_note() == (400, "API IS NOT ENABLED FOR THIS COMMUNITY")

    async def test_refuses_a_low_plan_only_when_plans_are_enforced(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        cad.plan = "STANDARD"
        assert (await caller.v1_note())[0] == 200
        cad.enforce_plan = True
        assert await caller.v1_note() == (400, "VERSION PLUS REQUIRED")
        assert (await caller.v1("/general/get_servers", []))[0] == 200

    @pytest.mark.parametrize(
        ("members", "text"),
        [
            ({"callId": 9}, "CALL NOT FOUND"),
            ({"serverId": 9}, "Server not found with ID: 9"),
            ({"callId": "123"}, "INVALID REQUEST DATA"),
            ({"callId": True}, "INVALID REQUEST DATA"),
            ({"note": " "}, "INVALID REQUEST DATA"),
            ({"label": 2}, "INVALID REQUEST DATA"),
        ],
    )
    async def test_refuses_what_it_cannot_store(
        self, caller: Caller, members: dict[str, object], text: str
    ) -> None:
        assert await caller.v1_note(**members) == (400, text)

    @pytest.mark.parametrize("data", [None, {}, [], [{}, {}]])
    async def test_takes_exactly_one_entry(self, caller: Caller, data: object) -> None:
        status, text, _ = await caller.v1("/emergency/get_calls", data)
        assert (status, text) == (400, "INVALID REQUEST DATA")

    async def test_wrong_path_reaches_the_backend_and_does_nothing(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        entry = {"serverId": 1, "callId": 123, "note": "x"}
        reply = await caller.v1("/emergency/add_note", [entry], type="ADD_CALL_NOTE")
        assert reply[:2] == (200, BACKEND)
        assert (await (await caller.get("/emergency/add_call_note")).text()) == BACKEND
        assert cad.notes(123) == []
        assert [request.path for request in cad.note_requests] == ["/emergency/add_note"]

    async def test_lists_calls(self, caller: Caller, cad: SonoranServer) -> None:
        cad.add_note(123, "Two cars", label="D-2")
        cad.add_emergency_call(7, caller="Jane", location="Pier")
        for number in (1, 2, 3):
            cad.add_call(number)
            cad.close_call(number)
        calls = await caller.v1_json(
            "/emergency/get_calls", [{"serverId": 1, "closedLimit": 1, "closedOffset": 1}]
        )
        assert calls.keys() == {"activeCalls", "emergencyCalls", "closedCalls"}
        assert [call["callId"] for call in calls["closedCalls"]] == [2]
        assert [call["callId"] for call in calls["emergencyCalls"]] == [7]
        assert "notes" not in calls["emergencyCalls"][0]
        (call,) = calls["activeCalls"]
        assert "updated" not in call
        assert call["notes"] == [
            {"time": "03:04:05", "label": "D-2", "type": "text", "content": "Two cars"}
        ]
        only = await caller.v1_json("/emergency/get_calls", [{"serverId": 1, "type": 1}])
        assert only["activeCalls"] == only["closedCalls"] == []

    async def test_lists_servers_as_text_and_answers_the_plan_number(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        cad.add_server(2, "North County")
        servers = await caller.v1_json("/general/get_servers", [])
        assert [entry["id"] for entry in servers["servers"]] == [1, 2]
        status, text, headers = await caller.v1("/general/get_version", [])
        assert (status, text) == (200, "3")
        assert "X-Kong-Request-Id" in headers


class TestV2:
    async def test_adds_a_note(self, caller: Caller, cad: SonoranServer) -> None:
        reply = await caller.note(label="D-2", noteType="link")
        assert (reply.status, await reply.json()) == (200, {"callId": 123, "note": "Hung up"})
        assert reply.headers["Cache-Control"] == "no-store"
        assert {"X-Trace-Id", "X-Kong-Request-Id"} <= set(reply.headers)
        (note,) = cad.notes(123)
        assert (note.label, note.type, note.content) == ("D-2", "link", "Hung up")
        await caller.note()
        assert cad.notes(123)[1].label == "Sonoran CAD"

    @pytest.mark.parametrize("authorization", ["", "Basic sandbox-key", "Bearer wrong"])
    async def test_authenticates_before_anything_else(
        self, caller: Caller, authorization: str
    ) -> None:
        reply = await caller.note("/v2/nowhere/notes", authorization)
        assert reply.status == 401
        assert (await problem_of(reply))["instance"] == "/v2/nowhere/notes"
        assert "Cache-Control" not in reply.headers

    async def test_key_may_change_while_running(self, caller: Caller, cad: SonoranServer) -> None:
        cad.api_key = "another"
        assert (await caller.note()).status == 401

    async def test_api_off_is_forbidden(self, caller: Caller, cad: SonoranServer) -> None:
        cad.api_enabled = False
        reply = await caller.note()
        assert reply.status == 403
        await problem_of(reply)

    async def test_enforced_plan(self, caller: Caller, cad: SonoranServer) -> None:
        cad.plan, cad.enforce_plan = "FREE", True
        reply = await caller.note()
        assert reply.status == 402
        assert "err-ss-101" in str((await problem_of(reply))["type"])

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            (NOTES.replace("servers/1", "servers/9"), 404),
            (NOTES.replace("123", "9"), 404),
            (NOTES.replace("123", "7"), 404),  # a 911 call
            (NOTES.replace("123", "8"), 404),  # a closed call
            (NOTES.replace("123", "0"), 400),
            (NOTES.replace("123", "-1"), 400),
            ("/v2/nowhere/notes", 404),
            (CALLS, 405),
        ],
    )
    async def test_refuses_a_path(
        self, caller: Caller, cad: SonoranServer, path: str, status: int
    ) -> None:
        cad.add_emergency_call(7)
        cad.add_call(8)
        cad.close_call(8)
        reply = await caller.note(path)
        assert reply.status == status
        await problem_of(reply)

    @pytest.mark.parametrize(
        "members",
        [
            {"note": ""},
            {"note": None},
            {"note": 5},
            {"label": 5},
            {"id": "rockford", "key": "sandbox-key", "type": "ADD_CALL_NOTE", "data": []},
        ],
    )
    async def test_refuses_a_body(
        self, caller: Caller, cad: SonoranServer, members: dict[str, Any]
    ) -> None:
        reply = await caller.note(**members)
        assert reply.status == 400
        await problem_of(reply)
        assert cad.notes(123) == []

    async def test_refuses_another_content_type_or_what_is_no_object(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        for content_type, status in (("text/plain", 415), ("application/json", 400)):
            headers = {"Authorization": "Bearer sandbox-key", "Content-Type": content_type}
            async with caller.session.post(cad.url + NOTES, data=b"[", headers=headers) as reply:
                assert reply.status == status
                await problem_of(reply)

    async def test_closed_calls_take_notes_when_told(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        cad.close_call(123)
        cad.closed_calls_take_notes = True
        assert (await caller.note()).status == 200

    async def test_lists_calls(self, caller: Caller, cad: SonoranServer) -> None:
        cad.add_note(123, "first", label="D-2")
        cad.add_note(123, "second")
        cad.newest_note_first = True
        cad.add_emergency_call(7)
        for number in range(1, 13):
            cad.add_call(number)
            cad.close_call(number)
        calls = await (await caller.get(CALLS)).json()
        assert calls.keys() == {"ActiveCalls", "EmergencyCalls", "ClosedCalls", "ClosedCallCount"}
        assert len(calls["ClosedCalls"]) == 10
        assert calls["ClosedCallCount"] == 12
        assert calls["EmergencyCalls"][0]["callId"] == 7
        (call,) = calls["ActiveCalls"]
        assert call["updated"] == "2026-01-02T03:04:05Z"
        assert [note["content"] for note in call["notes"]] == ["second", "first"]
        assert call["notes"][1] == {
            "time": "2026-01-02T03:04:05Z",
            "label": "D-2",
            "type": "text",
            "content": "first",
        }

    async def test_filters_calls(self, caller: Caller, cad: SonoranServer) -> None:
        cad.add_emergency_call(7)
        dispatch = await (await caller.get(CALLS, type="0", closedLimit="5")).json()
        assert (len(dispatch["ActiveCalls"]), dispatch["EmergencyCalls"]) == (1, [])
        emergency = await (await caller.get(CALLS, type="1")).json()
        assert (emergency["ActiveCalls"], len(emergency["EmergencyCalls"])) == ([], 1)
        for query in ({"type": "dispatch"}, {"type": "5"}, {"closedLimit": "-1"}):
            assert (await caller.get(CALLS, **query)).status == 400

    async def test_keeps_servers_apart(self, caller: Caller, cad: SonoranServer) -> None:
        cad.add_server(2, "North County")
        cad.add_call(123, server_id=2)
        await caller.note(NOTES.replace("servers/1", "servers/2"))
        assert cad.notes(123, server_id=1) == []
        assert len(cad.notes(123, server_id=2)) == 1
        with pytest.raises(LookupError):
            cad.add_call(5, server_id=3)

    async def test_describes_servers_plan_and_community(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        servers = (await (await caller.get("/v2/general/servers")).json())["servers"]
        assert "liveMapFormat" in servers[0]
        assert "mapPort" not in servers[0]
        version = await (await caller.get("/v2/general/version")).json()
        assert version == {"version": 2, "name": "PLUS"}
        info = await (await caller.get("/v2/general/info")).json()
        assert info["community"]["comId"] == "rockford"


class TestRateLimits:
    async def test_limit_is_the_gateways_and_ends_with_the_minute(
        self, caller: Caller, cad: SonoranServer, clock: Clock
    ) -> None:
        for _ in range(5):
            assert (await caller.get(CALLS)).status == 200
        clock.seconds += 20.5
        reply = await caller.get(CALLS)
        assert reply.status == 429
        assert reply.content_type == "application/json"
        body = await reply.json()
        assert body.keys() == {"message", "request_id"}
        assert body["request_id"] == reply.headers["X-Kong-Request-Id"]
        assert reply.headers["Retry-After"] == "40"
        assert (await caller.note()).status == 200
        clock.seconds += 40
        assert (await caller.get(CALLS)).status == 200

    async def test_sixty_notes_ten_reads(self, caller: Caller) -> None:
        notes = [(await caller.note()).status for _ in range(61)]
        assert notes == [200] * 60 + [429]
        infos = [(await caller.get("/v2/general/info")).status for _ in range(11)]
        assert infos == [200] * 10 + [429]

    async def test_can_be_switched_off(self, caller: Caller, cad: SonoranServer) -> None:
        cad.rate_limited = False
        assert {(await caller.get(CALLS)).status for _ in range(9)} == {200}


class TestVersions:
    @pytest.mark.parametrize(
        ("absent_answer", "status", "content_type"),
        [
            ("backend", 200, "text/plain"),
            ("html", 200, "text/html"),
            ("404", 404, "application/json"),
        ],
    )
    async def test_v2_may_be_absent(
        self,
        caller: Caller,
        cad: SonoranServer,
        absent_answer: AbsentAnswer,
        status: int,
        content_type: str,
    ) -> None:
        cad.versions = {1}
        cad.absent_answer = absent_answer
        reply = await caller.note()
        assert (reply.status, reply.content_type) == (status, content_type)
        assert cad.notes(123) == []
        assert (await caller.v1_note())[0] == 200

    async def test_v1_may_be_absent(self, caller: Caller, cad: SonoranServer) -> None:
        cad.versions = {2}
        assert await caller.v1_note() == (200, BACKEND)
        assert (await caller.note()).status == 200


class TestRecording:
    async def test_records_refused_requests_too(self, caller: Caller, cad: SonoranServer) -> None:
        await caller.note(authorization="Bearer wrong", label="ü")
        await caller.get(CALLS, type="0")
        note, calls = cad.requests
        assert (note.method, note.path, note.status, note.kind) == ("POST", NOTES, 401, "note")
        assert note.json == {"note": "Hung up", "label": "ü"}
        assert note.headers["authorization"] == "Bearer wrong"
        assert dict(calls.query) == {"type": "0"}
        assert calls.json is None
        assert cad.note_requests == [note]
        assert "wrong" not in repr(note)

    async def test_stops_and_starts_again_at_the_same_address(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        url = cad.url
        await cad.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await caller.note()
        await cad.start()
        assert cad.url == url
        assert (await caller.note()).status == 200
        with pytest.raises(RuntimeError, match="already"):
            await cad.start()

    def test_has_no_address_before_the_start(self) -> None:
        with pytest.raises(RuntimeError, match="not been started"):
            _ = SonoranServer().url


class TestFaults:
    async def test_status_without_effect_then_normal_again(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(status=502))
        reply = await caller.note()
        assert (reply.status, await reply.text()) == (502, "Bad Gateway")
        assert cad.notes(123) == []
        assert (await caller.note()).status == 200

    async def test_status_after_the_effect(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(applied=True, status=500, body=b""))
        reply = await caller.note()
        assert (reply.status, await reply.text()) == (500, "")
        assert len(cad.notes(123)) == 1

    async def test_replaces_body_type_and_headers(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(
            Fault(body="{", content_type="application/json", headers={"Retry-After": "7"})
        )
        reply = await caller.note()
        assert (reply.status, reply.content_type) == (200, "application/json")
        assert (await reply.text(), reply.headers["Retry-After"]) == ("{", "7")

    async def test_concerns_only_its_kind_until_cleared(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="calls", times=None, status=503))
        cad.faults.add(Fault(on="any", times=2, status=504))
        paths = (CALLS, CALLS, "/v2/general/info", "/v2/general/info", "/v2/general/info")
        assert [(await caller.get(path)).status for path in paths] == [503, 503, 504, 504, 200]
        cad.faults.clear()
        assert (await caller.get(CALLS)).status == 200

    @pytest.mark.parametrize("applied", [False, True])
    async def test_abort_before_the_answer(
        self, caller: Caller, cad: SonoranServer, applied: bool
    ) -> None:
        cad.faults.add(Fault(abort="before", applied=applied))
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await caller.note()
        assert len(cad.notes(123)) == applied
        assert cad.requests[0].status is None

    async def test_abort_after_the_headers(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(abort="after_headers", applied=True))
        async with caller.session.post(
            cad.url + NOTES, json={"note": "x"}, headers={"Authorization": "Bearer sandbox-key"}
        ) as reply:
            assert reply.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
        assert cad.requests[0].status == 200

    async def test_truncated_body(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(abort="truncated", body="abcdef"))
        async with caller.session.post(cad.url + NOTES, json={"note": "x"}) as reply:
            assert await reply.content.readexactly(3) == b"abc"
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()

    async def test_oversize_body(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(oversize=3_000_000))
        assert len(await (await caller.note()).read()) == 3_000_000

    async def test_delays(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(applied=True, delay=0.001, delay_after=0.001))
        assert (await caller.note()).status == 200

    async def test_holds_the_answer_after_the_effect(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        release = asyncio.Event()
        cad.faults.add(Fault(applied=True, hold=release))
        sending = asyncio.create_task(caller.note())
        await cad.received(1)
        assert len(cad.notes(123)) == 1
        assert cad.requests[0].status is None
        release.set()
        assert (await sending).status == 200
        assert cad.requests[0].status == 200

    async def test_drips_the_body(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(applied=True, drip=0.0001))
        assert (await (await caller.note()).json())["note"] == "Hung up"

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(applied=True, delay=3600),
            Fault(delay_after=3600),
            Fault(hold=asyncio.Event()),
            Fault(body="slow", drip=3600),
        ],
        ids=["delay", "delay_after", "hold", "drip"],
    )
    async def test_ends_when_the_server_stops(
        self, caller: Caller, cad: SonoranServer, fault: Fault
    ) -> None:
        cad.faults.add(fault)
        sending = asyncio.create_task(caller.note())
        await cad.received(1)
        await cad.stop()
        with pytest.raises(aiohttp.ClientError):
            await sending
        assert cad.notes(123) == []

    async def test_ends_when_the_caller_leaves(self, caller: Caller, cad: SonoranServer) -> None:
        cad.faults.add(Fault(applied=True, delay=3600))
        before = asyncio.all_tasks()
        sending = asyncio.create_task(caller.note())
        await cad.received(1)
        handling = asyncio.all_tasks() - before - {sending}
        assert handling
        sending.cancel()
        _, unfinished = await asyncio.wait(handling | {sending}, timeout=30)
        assert not unfinished
        assert cad.notes(123) == []
        assert cad.requests[0].status is None

    async def test_effect_may_survive_the_caller(self, caller: Caller, cad: SonoranServer) -> None:
        late = Fault(applied=True, delay=0.01, survives_disconnect=True)
        cad.faults.add(late)
        sending = asyncio.create_task(caller.note())
        await cad.received(1)
        sending.cancel()
        await asyncio.wait([sending])
        # The second request has the same delay, so it ends after the first one's effect.
        cad.faults.add(late)
        await caller.note()
        assert len(cad.notes(123)) == 2

    async def test_waiting_for_requests_can_be_given_up(self, cad: SonoranServer) -> None:
        waiting = asyncio.create_task(cad.received(1))
        await asyncio.wait_for(asyncio.shield(cad.received(0)), 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
