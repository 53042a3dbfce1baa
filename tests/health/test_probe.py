"""What the health check finds out about the CAD, and how often it asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp

from bot.health.probe import CadHealth, CadProbe
from bot.outbox import HOST
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import Reason, SonoranClient, Transport
from bot.timing import Timing
from tests import sonoran_client
from tests.loop_clock import let_pass
from tests.sonoran_client import CREDENTIALS

cad = sonoran_client.cad
session = sonoran_client.session


async def test_findings_that_a_note_has_overtaken_are_replaced_but_not_at_every_question(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS)
    probe = CadProbe(lambda _: client, lambda _: client.get_servers(), timing=Timing())

    async def health(**how: bool) -> CadHealth:
        return await probe.health(HOST, **how)

    assert (await health()).error is None
    asked = len(cad.requests)
    await health(doubted=True)
    assert len(cad.requests) == asked
    await cad.stop()
    await let_pass(Timing().keep_bad_news)
    assert (await health()).error is None
    assert (await health(doubted=True)).error is not None
    await cad.start()
    assert (await health(doubted=True)).error is not None
    await let_pass(Timing().keep_bad_news)
    assert (await health(doubted=True)).error is None


async def test_a_cad_that_does_not_answer_in_time_is_told_as_such(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS)
    timing = replace(Timing(), ask_cad=0.1)
    probe = CadProbe(lambda _: client, lambda _: client.get_servers(), timing=timing)
    answer = asyncio.Event()
    cad.faults.add(Fault(on="any", hold=answer, times=None))
    health = await probe.health(HOST)
    answer.set()
    assert health.error is not None
    assert health.error.reason is Reason.NO_ANSWER
