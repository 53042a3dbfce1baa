"""The metrics of a running bot agree with what the simulators saw."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product

import aiohttp
import pytest
from aiohttp import web

from bot.communities.shards import Shards
from bot.sandbox.sonoran import Fault
from tests.loop_clock import let_pass, tick
from tests.monitoring.scrape import Scraper
from tests.note_messages import QUEUED, press, told
from tests.outbox.workers import eventually
from tests.world import API_KEY, COMMUNITY, PATIENCE, TOKEN, World

NOTES = "callnote_notes_total"
REQUESTS = "callnote_cad_request_seconds_count"
CONNECTIONS = "callnote_gateway_connections_total"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_metrics_agree_with_what_the_simulators_saw(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    scraper = await Scraper.of_bot(world, session, caplog)
    for text in ("first", "second", "third"):
        await world.say(text)
    await world.say("to no call", "999")
    world.cad.faults.add(Fault(on="note", status=500, body="", applied=True))
    await world.say("found in the call list")
    await world.discord.drop(4000)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    await world.say("after a resume")
    found = await scraper.samples()

    assert found[f"{NOTES} added"] == len(world.stored()) == 5
    assert found[f"{NOTES} refused"] == 1
    assert found["callnote_note_queue_seconds_count"] == 6
    requests = {name: value for name, value in found.items() if name.startswith(REQUESTS)}
    assert sum(requests.values()) == len(world.cad.requests)
    assert requests[f"{REQUESTS} 5xx"] == 1
    assert found[f"{CONNECTIONS} identify"] == len(world.discord.identifies) == 1
    assert found[f"{CONNECTIONS} resume"] == len(world.discord.resumes) == 1
    assert found["callnote_gateway_shards"] == 1
    assert found["callnote_gateway_shards_connected"] == len(world.discord.connections)
    assert found["callnote_guilds"] == 1
    assert found["callnote_cad_circuit_breakers"] == 1
    assert found["callnote_database_up"] == 1
    assert found["callnote_database_transaction_seconds_count"] > 0
    assert found["callnote_database_failures_total"] == 0
    async with asyncio.timeout(PATIENCE):  # of the last heartbeat
        while not 0 < found["callnote_gateway_latency_seconds"] < PATIENCE:
            found = await scraper.samples()


async def test_an_outage_of_the_cad_is_an_open_circuit_breaker_and_a_waiting_note(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    world.let(announce_after=0.05)
    scraper = await Scraper.of_bot(world, session, caplog)
    await world.cad.stop()
    interaction = await world.use()
    message = await told(world, interaction, QUEUED)
    found = await scraper.samples()
    assert found["callnote_cad_circuit_breakers_open"] == 1
    assert found["callnote_notes_waiting"] == 1
    assert found["callnote_oldest_note_seconds"] > 0
    assert found[f"{REQUESTS} none"] > 0
    assert not any(value for name, value in found.items() if name.startswith(NOTES))

    await press(world, world.dispatcher, message, "Cancel")
    await world.final(interaction)
    await world.cad.start()
    await world.say()
    found = await scraper.samples()
    assert found[f"{NOTES} cancelled"] == found[f"{NOTES} added"] == 1
    assert found["callnote_cad_circuit_breakers_open"] == 0
    assert found["callnote_notes_waiting"] == found["callnote_oldest_note_seconds"] == 0


async def test_a_failing_database_is_down_and_its_transactions_are_counted_as_failed(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    world.let(transaction=0.3, settings_refresh=0.05)
    scraper = await Scraper.of_bot(world, session, caplog)
    assert await scraper.until_ready(database=True, discord=True) == 200
    async with world.locked():
        assert await scraper.until_ready(database=False) == 503
        found = await scraper.samples()
        assert found["callnote_database_up"] == 0
        assert found["callnote_database_failures_total"] > 0
    assert await scraper.until_ready(database=True) == 200


async def test_no_answer_has_a_text_a_name_or_a_secret_and_nothing_but_reading_is_allowed(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    scraper = await Scraper.of_bot(world, session, caplog)
    await world.say("Suspect fled north")
    said = "".join([(await scraper.get(path))[1] for path in ("/metrics", "/readyz", "/livez")])
    kept = ("Suspect", "Dana", "dana", "Rockford", "dispatch", COMMUNITY, TOKEN, API_KEY)
    assert [each for each in kept if each in said] == []
    ids = (world.guild.id, world.channel.id, world.dispatcher.id, world.discord.application_id)
    assert not {str(each) for each in ids} & set(re.findall(r"\d+", said))
    for method, path in product(("POST", "PUT", "DELETE"), ("/metrics", "/readyz", "/livez")):
        async with session.request(method, scraper.url + path) as answer:
            assert answer.status == 405


async def test_a_stopping_bot_is_alive_but_not_ready(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="note", applied=True, hold=held))
    scraper = await Scraper.of_bot(world, session, caplog)
    await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    world.stop.set()
    assert await scraper.until_ready(running=False) == 503
    assert await scraper.get("/livez") == (200, '{"live": true}')
    held.set()
    await world.finish()
    with pytest.raises(aiohttp.ClientConnectorError):
        await scraper.get("/livez")


async def test_a_process_counts_and_awaits_its_own_shards_alone_and_is_not_ready_without_them(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    world.config = replace(world.config, shards=Shards(4, [1, 2]))
    scraper = await Scraper.of_bot(world, session, caplog)
    assert await scraper.until_ready(discord=True) == 200
    found = await scraper.samples()
    assert found["callnote_gateway_shards"] == len(world.discord.connections) == 2
    assert found["callnote_gateway_shards_connected"] == 2
    await world.discord.stop()
    assert await scraper.until_ready(discord=False) == 503
    assert (await scraper.samples())["callnote_gateway_shards_connected"] == 0


def sites() -> int:
    """Return how many addresses aiohttp has in memory to listen at, whether it got them or not."""
    return sum(type(each) is web.TCPSite for each in gc.get_objects())


async def test_an_address_in_use_is_a_log_line_and_taken_once_it_is_free(
    world: World, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    other = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    address = other.sockets[0].getsockname()
    starting = asyncio.create_task(Scraper.of_bot(world, session, caplog, address))
    await eventually(lambda: "METRICS_ADDRESS cannot be used, trying again" in caplog.text)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    assert (await world.say()).content.startswith("NOTE")
    before = sites()
    for _ in range(5):
        await let_pass(world.timing.listen_again)
        await tick()
    assert sites() <= before  # however often it was tried
    other.close()
    await other.wait_closed()
    scraper = await asyncio.wait_for(starting, PATIENCE)
    assert scraper.url == f"http://127.0.0.1:{address[1]}"
    assert (await scraper.get("/livez"))[0] == 200
    assert caplog.text.count("METRICS_ADDRESS cannot be used") == 1
