import asyncio

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from tests.sandbox import cad_caller
from tests.sandbox.cad_caller import CALLS, NOTES, Caller

clock = cad_caller.clock
cad = cad_caller.cad
caller = cad_caller.caller


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
