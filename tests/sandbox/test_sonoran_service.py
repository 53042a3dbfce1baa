import aiohttp
import pytest

from bot.sandbox.sonoran import AbsentAnswer, Fault, SonoranServer
from tests.clock import Clock
from tests.sandbox import cad_caller
from tests.sandbox.cad_caller import BACKEND, CALLS, NOTES, Caller

clock = cad_caller.clock
cad = cad_caller.cad
caller = cad_caller.caller


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


class TestCommunities:
    async def test_in_v2_the_key_says_which_is_meant(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        other = cad.add_community("paleto", "paleto-key")
        other.time_zone, other.uuid = "America/Denver", "a-uuid"
        other.add_call(123)
        assert (await caller.note(authorization="Bearer paleto-key")).status == 200
        assert (await caller.note(authorization="Bearer nobodys-key")).status == 401
        assert (len(other.notes(123)), len(cad.notes(123))) == (1, 0)
        assert [request.community for request in cad.requests] == ["paleto", None]
        headers = {"Authorization": "Bearer paleto-key"}
        async with caller.session.get(cad.url + "/v2/general/info", headers=headers) as reply:
            info = await reply.json()
        assert info["uuid"] == "a-uuid"
        assert info["community"] == {
            "comId": "paleto",
            "name": "Paleto",
            "timezone": "America/Denver",
            "customLoginUrl": "",
        }

    async def test_in_v1_the_id_says_it_and_the_key_must_be_its_own(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        other = cad.add_community("paleto", "paleto-key")
        other.plan = "PRO"

        async def plan(community_id: str, key: str) -> str:
            path = "/general/get_version"
            return (await caller.v1(path, [], id=community_id, key=key))[1]

        assert await plan("paleto", "paleto-key") == "4"
        assert await plan("rockford", "sandbox-key") == "3"
        assert await plan("paleto", "sandbox-key") == "INVALID API KEY"
        assert await plan("nowhere", "paleto-key") == "INVALID COMMUNITY ID"
        communities = [request.community for request in cad.requests]
        assert communities == ["paleto", "rockford", None, None]

    async def test_each_has_limits_and_faults_of_its_own(
        self, caller: Caller, cad: SonoranServer
    ) -> None:
        other = cad.add_community("paleto", "paleto-key")
        other.add_call(123)
        other.faults.add(Fault(status=500, times=None))
        cad.rate_limits.limits["note"] = 1
        assert (await caller.note()).status == 200
        assert (await caller.note()).status == 429
        assert (await caller.note(authorization="Bearer paleto-key")).status == 500
        other.faults.clear()
        assert (await caller.note(authorization="Bearer paleto-key")).status == 200
