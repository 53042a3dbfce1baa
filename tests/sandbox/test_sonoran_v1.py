from bot.sandbox.sonoran import SonoranServer
from tests.cases import cases
from tests.sandbox import cad_caller
from tests.sandbox.cad_caller import BACKEND, MOMENT, Caller

clock = cad_caller.clock
cad = cad_caller.cad
caller = cad_caller.caller


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

    @cases(
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

    @cases(
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

    @cases("data", [None, {}, [], [{}, {}]])
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
