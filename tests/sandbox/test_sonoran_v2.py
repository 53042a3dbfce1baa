from typing import Any

import pytest

from bot.sandbox.sonoran import SonoranServer
from tests.cases import cases
from tests.sandbox import cad_caller
from tests.sandbox.cad_caller import CALLS, NOTES, Caller, problem_of

clock = cad_caller.clock
cad = cad_caller.cad
caller = cad_caller.caller


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

    @cases("authorization", ["", "Basic sandbox-key", "Bearer wrong"])
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

    @cases(
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

    @cases(
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
