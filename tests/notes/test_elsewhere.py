"""A message of which two processes have something to say."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, update

from bot.outbox.schema import leases, notes
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from bot.storage import NOW, Database, DatabaseUrl
from tests.note_messages import press, shows, told
from tests.outbox.workers import eventually
from tests.postgresql import postgresql
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long


async def test_old_news_that_discord_took_late_are_put_right(
    request: pytest.FixtureRequest, world: World
) -> None:
    """discord.py waits out a rate limit by itself; meanwhile another process went on."""
    async with postgresql(request.config) as world.database:
        await world.cad.stop()
        await world.start_with(2)
        message = await told(world, await world.use(), "is not answering")
        world.discord.faults.add(
            DiscordFault(
                "edit_original",
                429,
                applied=False,
                headers={"Via": "1.1 x", "Retry-After": "4"},
            )
        )
        limit = {"Retry-After": "95"}
        world.cad.faults.add(Fault(on="note", status=429, headers=limit, body="{}", times=None))
        await world.cad.start()
        await asyncio.wait_for(world.discord.arrived("edit_original", 2), PATIENCE)
        stopping, world.stop = world.stop, asyncio.Event()
        await world.start()
        stopping.set()
        await eventually(lambda: len(world.discord.connections) == 1)
        await press(world, world.dispatcher, message, "Cancel")
        await shows(world, message, "Cancelled: nothing was added")
        first = world.bots.pop(0)
        await asyncio.wait_for(first, PATIENCE)
        assert message.content.startswith("Cancelled: nothing was added")
        assert message.buttons == []
        await world.finish()


async def test_old_news_are_not_put_over_what_another_process_says(
    request: pytest.FixtureRequest, world: World
) -> None:
    """The other took the note while this one was held up, and could show it as cancelled."""
    async with postgresql(request.config) as world.database:
        await world.start_with(2)
        await world.cad.stop()
        held = asyncio.Event()
        world.discord.faults.add(
            DiscordFault(route="edit_original", abort=True, applied=False, hold=held)
        )
        interaction = await world.use()
        await asyncio.wait_for(world.discord.arrived("edit_original"), PATIENCE)
        await taken_by_another(world.database)
        held.set()
        await world.finish()  # which waits until everything is shown
        assert interaction.message is not None
        assert interaction.message.content == ""


async def taken_by_another(address: DatabaseUrl) -> None:
    """Let another process have cancelled the notes in an outbox."""
    database = Database(address)
    await database.open(shared=True)
    try:
        await database.execute(
            insert(leases).values(id="another", heartbeat_at=NOW),
            update(notes).values(owner="another", state="cancelled", revision=notes.c.revision + 1),
        )
    finally:
        await database.close()
