"""What a member sees when Callnote itself fails."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.sonoran import (
    AddedNote,
    ApiVersion,
    CallNote,
    SonoranClient,
    Transport,
    open_session,
)
from bot.standins.sonoran_server import Fault as CadFault
from tests.world import PATIENCE, World


class FaultyClient(SonoranClient):
    """Fails on the first note in a way that nobody foresaw."""

    failed = False

    async def add_call_note(self, note: CallNote) -> AddedNote:
        """Fail once, then work."""
        if not self.failed:
            self.failed = True
            raise KeyError("unforeseen")
        return await super().add_call_note(note)


async def test_an_unexpected_error_is_one_sentence_with_a_reference_and_the_bot_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_session() as session:
        cad = FaultyClient(Transport(session, world.cad.url), world.config.credentials)
        async with world.lone_bot(cad) as bot:
            await bot.login(world.config.discord_token)
            connection = asyncio.create_task(bot.connect())
            await asyncio.wait_for(world.discord.connected(), PATIENCE)
            message = await world.say()
            found = re.search(r"reference: ([0-9a-f]{8})$", message.content)
            assert found is not None
            (record,) = [each for each in caplog.records if found[1] in each.getMessage()]
            assert record.exc_info is not None
            assert isinstance(record.exc_info[1], KeyError)
            assert "unforeseen" not in message.content
            assert (await world.say("again")).content == "NOTE 'again' added to call #123"
        await asyncio.wait_for(connection, PATIENCE)


async def test_a_command_cut_off_at_a_stop_says_that_it_is_not_confirmed(world: World) -> None:
    """The note is held by the CAD longer than the stopping process may wait."""
    held = asyncio.Event()
    world.cad.faults.add(CadFault(applied=True, hold=held))
    async with open_session() as session:
        cad = SonoranClient(
            Transport(session, world.cad.url), world.config.credentials, version=ApiVersion.V2
        )
        async with world.lone_bot(cad) as bot:
            await bot.login(world.config.discord_token)
            connection = asyncio.create_task(bot.connect())
            await asyncio.wait_for(world.discord.connected(), PATIENCE)
            interaction = await world.use()
            await asyncio.wait_for(world.cad.received(1), PATIENCE)
            assert await bot.in_flight.finish(0.0) == 1
            assert interaction.message is not None
            assert interaction.message.content.startswith("Not confirmed for call #123: ")
        await asyncio.wait_for(connection, PATIENCE)
