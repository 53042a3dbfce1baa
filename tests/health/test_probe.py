"""What the health check finds out about the CAD, and how often it asks."""

from __future__ import annotations

import aiohttp

from bot.health.probe import CadHealth, CadProbe
from bot.outbox import HOST
from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import SonoranClient, Transport
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
    probe = CadProbe(lambda _: client, lambda _: client.get_servers())

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
