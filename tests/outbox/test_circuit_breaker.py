"""Whether the CAD takes notes, and how it is found out when it does again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bot.outbox import HOST, FailureKind, failure_of
from bot.outbox.circuit_breaker import CircuitBreaker
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    Credentials,
    NoEffectError,
    RateLimitedError,
    Reason,
    SonoranClient,
    Transport,
)
from bot.timing import Timing, loop_time
from tests.loop_clock import idle, let_pass
from tests.outbox import workers
from tests.outbox.workers import eventually

UNREACHABLE = NoEffectError(Reason.NO_CONNECTION)
SLOW_DOWN = RateLimitedError("slow down", retry_after=3600)


@asynccontextmanager
async def running(
    cad: SonoranServer, session: aiohttp.ClientSession, longest_pause: float = 0.05
) -> AsyncIterator[CircuitBreaker]:
    client = SonoranClient(
        Transport(session, cad.url, connect_seconds=0.5, total_seconds=5.0),
        Credentials(workers.KEY, cad.community_id),
        version=ApiVersion.V2,
    )
    breaker = CircuitBreaker(
        client,
        asyncio.Event(),
        first_pause=1.0,
        longest_pause=longest_pause,
        community=HOST,
    )
    task = asyncio.create_task(breaker.run())
    try:
        yield breaker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def probes(cad: SonoranServer) -> int:
    return sum(request.kind == "version" for request in cad.requests)


async def waits_out_the_delay(breaker: CircuitBreaker, cad: SonoranServer) -> None:
    """See that the CAD is asked nothing until the delay of `SLOW_DOWN` is over, and then is."""
    await idle()
    asked = len(cad.requests)
    await let_pass(3500)
    assert not breaker.allows_request
    assert len(cad.requests) == asked
    await let_pass(200)
    await eventually(lambda: breaker.allows_request)


async def test_a_clear_circuit_breaker_asks_nothing(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        await let_pass(3600)
        assert breaker.allows_request
        assert breaker.last_failure is None
    assert cad.requests == []


async def test_a_failure_takes_the_circuit_breaker_down_until_one_note_has_gone_ahead(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        assert not breaker.allows_request
        assert breaker.last_failure == failure_of(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
        assert breaker.last_failure == failure_of(UNREACHABLE)
        breaker.acquire_trial()
        assert not breaker.allows_request
        breaker.record_success()
        await eventually(lambda: breaker.last_failure is None)
        assert breaker.allows_request
    assert probes(cad) == 1


async def test_a_note_that_was_not_sent_after_all_lets_another_one_go_ahead(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
        breaker.acquire_trial().close()
        assert breaker.allows_request
        breaker.acquire_trial()
        assert not breaker.allows_request


async def test_a_note_that_began_before_the_failure_gives_back_no_others_place(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        earlier = breaker.acquire_trial()
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
        breaker.acquire_trial()
        earlier.close()
        assert not breaker.allows_request


async def test_when_the_one_that_goes_ahead_fails_the_cad_is_asked_again_first(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        for count in (1, 2, 3):
            await eventually(lambda: breaker.allows_request)
            assert probes(cad) == count
            breaker.acquire_trial()
            breaker.record_failure(UNREACHABLE)
            assert not breaker.allows_request


async def test_a_cad_that_turns_the_credentials_down_is_asked_again_when_that_is_confirmed(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.api_key = "another key"
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: probes(cad) == 2)
        await idle()
        await let_pass(Timing().first_refusal - 5)
        assert not breaker.allows_request
        failure = breaker.last_failure
        assert failure is not None
        assert failure.kind is FailureKind.CREDENTIALS
        assert probes(cad) == 2
        await let_pass(6)
        await eventually(lambda: probes(cad) > 2)


async def test_a_right_that_the_probe_lacks_is_for_a_note_to_find_out(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="version", status=403, body="{}", times=None))
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
    assert probes(cad) == 1


async def test_an_outage_costs_the_cad_a_probe_now_and_then(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="version", status=503, times=None))
    async with running(cad, session, longest_pause=30.0) as breaker:
        began = loop_time()
        while loop_time() - began < 16:
            breaker.record_failure(UNREACHABLE)
            await let_pass(0.5)
            # The pauses are at least 1, 2, 4 s and so on.
            assert 2 ** (probes(cad) - 1) - 1 <= loop_time() - began
        await eventually(lambda: probes(cad) >= 4)
        assert not breaker.allows_request


async def test_probes_follow_until_the_cad_answers(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="version", status=503, times=4))
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
    assert probes(cad) == 5


async def test_the_delay_that_the_cad_asked_for_is_waited_out(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(SLOW_DOWN)
        breaker.record_failure(RateLimitedError("slow down", retry_after=0))
        breaker.record_failure(RateLimitedError("slow down", retry_after=None))
        await waits_out_the_delay(breaker, cad)
    assert probes(cad) == 1


async def test_a_delay_that_a_probe_is_told_is_waited_out(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="version", status=429, headers={"Retry-After": "3600"}))
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: probes(cad) == 1)
        await waits_out_the_delay(breaker, cad)
    assert probes(cad) == 2


async def test_a_probes_short_delay_does_not_end_the_long_one_of_a_note(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="version", hold=answer, status=429, headers={"Retry-After": "0"}))
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: probes(cad) == 1)
        breaker.record_failure(SLOW_DOWN)
        answer.set()
        await waits_out_the_delay(breaker, cad)
    assert probes(cad) == 2


async def test_a_delay_that_comes_while_the_cad_is_asked_is_waited_out_before_a_note_goes(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="version", applied=True, hold=answer))
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: probes(cad) == 1)
        breaker.record_failure(SLOW_DOWN)
        answer.set()
        await waits_out_the_delay(breaker, cad)
    assert probes(cad) == 1


async def test_a_delay_that_comes_when_a_note_may_go_ahead_holds_it_back_at_once(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
        breaker.record_failure(SLOW_DOWN)
        assert not breaker.allows_request
        await waits_out_the_delay(breaker, cad)


async def test_a_failure_right_after_the_success_of_the_one_that_went_ahead_counts(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.record_failure(UNREACHABLE)
        await eventually(lambda: breaker.allows_request)
        breaker.acquire_trial()
        breaker.record_success()
        breaker.record_failure(SLOW_DOWN)
        assert not breaker.allows_request
        await waits_out_the_delay(breaker, cad)
        assert breaker.last_failure is not None
        assert breaker.last_failure.kind is FailureKind.RATE_LIMITED


async def test_what_a_late_note_tells_of_a_closed_circuit_changes_nothing(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with running(cad, session) as breaker:
        breaker.acquire_trial().close()
        breaker.record_success()
        assert breaker.allows_request
        assert breaker.last_failure is None
