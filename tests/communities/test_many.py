"""One process with very many connected communities, some of which have notes."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Iterator

import aiohttp
import pytest
from sqlalchemy import update

from bot.communities.registry import Communities
from bot.communities.schema import guild_credentials
from bot.communities.sealing import Sealer, new_key
from bot.observer import Observer
from bot.outbox import NoteRecord, NoteState, OutboxWorker, WaitingNotes
from bot.outbox.models import Acknowledgement
from bot.sandbox.sonoran import SonoranServer
from bot.sandbox.sonoran.community import Community
from bot.settings.repository import SettingsRepository
from bot.settings.schema import guild_settings, settings_version
from bot.sonoran import ApiVersion, Credentials, SonoranClient, Transport
from bot.storage import Database
from tests import database as databases
from tests import sonoran_client, timing
from tests.loop_clock import idle, let_pass
from tests.outbox import workers
from tests.outbox.workers import QUICK, eventually, new_note
from tests.settings_cache import cache_of

address = databases.address
database = databases.database
session = sonoran_client.session
cad = workers.cad

CONNECTED, ACTIVE = 200, 25
MOST_BYTES = 15_000


@pytest.fixture
def engine() -> str:
    """Give only SQLite, as the database has no part in this."""
    return "sqlite"


@pytest.fixture
def trace() -> Iterator[Callable[[], None]]:
    """Give what begins to trace memory, which makes all that follows in the test slow."""
    yield tracemalloc.start
    tracemalloc.stop()


def in_use() -> int:
    """Return how many bytes this process has allocated, and not freed, since tracing began."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def name(number: int) -> str:
    return f"community-{number}"


def credentials(number: int) -> Credentials:
    return Credentials(f"key-of-community-{number}", name(number))


async def connect_all(database: Database, sealer: Sealer) -> None:
    """Let guilds, numbered from 1, have entered the credentials of a community each."""
    numbers = range(1, CONNECTED + 1)
    settings = [{"guild_id": number, "server_id": 1, "version": number} for number in numbers]
    sealed = [
        {
            "guild_id": number,
            "community": name(number),
            "sealed": sealer.seal(number, name(number), credentials(number)),
            "version": number,
        }
        for number in numbers
    ]
    await database.execute(
        guild_settings.insert().values(settings),
        guild_credentials.insert().values(sealed),
        update(settings_version).values(value=CONNECTED),
    )


@pytest.fixture
async def cads(cad: SonoranServer) -> dict[int, Community]:
    """Give the communities by their guilds' numbers, with a call each."""
    found = {}
    for number in range(1, CONNECTED + 1):
        found[number] = cad.add_community(name(number), credentials(number).api_key)
        found[number].add_call(123)
    return found


async def test_all_notes_arrive_each_in_its_own_cad_and_the_idle_take_little_memory(
    database: Database,
    session: aiohttp.ClientSession,
    cad: SonoranServer,
    cads: dict[int, Community],
    trace: Callable[[], None],
) -> None:
    sealer = Sealer([new_key()])
    await connect_all(database, sealer)
    transport = Transport(session, cad.url)

    def new_client(credentials: Credentials | None) -> SonoranClient:
        return SonoranClient(transport, credentials, version=ApiVersion.V2, timing=timing.QUICK)

    gc.collect()
    trace()
    communities = Communities(
        database,
        sealer,
        host=None,
        new_client=new_client,
        keep_secret=lambda _: None,
        timing=timing.QUICK,
    )
    settings = cache_of(SettingsRepository(database), refreshing=communities.refresh)
    await settings.refresh()
    added: list[int] = []

    def changed(record: NoteRecord) -> None:
        if record.state is NoteState.ADDED:
            added.append(record.id)

    outbox = OutboxWorker(
        database,
        communities.client,
        limits=QUICK,
        history_days=30,
        changed=changed,
        waiting_notes=lambda _: WaitingNotes.SEND,
        calls_read=lambda _community, _calls, _began: None,
        purges=(),
        observer=Observer(),
        timing=timing.QUICK,
    )
    running = asyncio.create_task(outbox.run())
    for number in range(1, ACTIVE + 1):
        community = communities.name_of(number)
        new = new_note(f"note {number}", guild=number, community=community)
        record, _ = await outbox.accept(new)
        await outbox.acknowledged(record, Acknowledgement(record.id + 1))
    await eventually(lambda: len(added) == ACTIVE)
    for number, its_cad in cads.items():
        expected = [f"note {number}"] if number <= ACTIVE else []
        assert [note.content for note in its_cad.notes(123)] == expected
    cad.requests.clear()

    # As when all have just had notes, or somebody has looked at the status.
    for number in cads:
        outbox.deliveries.of(communities.name_of(number))
    await idle(database)
    await let_pass(timing.QUICK.keep_delivery)
    await eventually(lambda: not list(outbox.deliveries))
    assert in_use() <= MOST_BYTES * CONNECTED
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await outbox.finish(0)
