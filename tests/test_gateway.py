"""Lost, resumed and replaced gateway connections."""

from __future__ import annotations

import asyncio

from tests.world import PATIENCE, World


async def test_a_command_given_during_a_drop_is_carried_out_after_the_resume(
    world: World,
) -> None:
    await world.start()
    await world.discord.drop(4000)
    interaction = await world.use()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert len(world.discord.resumes) == 1
    assert len(world.discord.identifies) == 1


async def test_a_note_in_flight_is_answered_although_the_gateway_drops(world: World) -> None:
    await world.start()
    interaction = await world.use()
    await world.discord.drop()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


async def test_discord_may_ask_to_reconnect(world: World) -> None:
    await world.start()
    await world.discord.ask_to_reconnect()
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"


async def test_an_invalidated_session_begins_anew_at_the_same_endpoint(world: World) -> None:
    await world.start()
    await world.discord.invalidate_sessions()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    assert len(world.discord.identifies) == 2


async def test_a_bot_stops_although_a_shard_is_connecting_anew(world: World) -> None:
    await world.start()
    await world.discord.invalidate_sessions()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await world.finish()
    assert len(world.discord.identifies) == 1


async def test_only_the_guilds_intent_is_asked_for(world: World) -> None:
    await world.start()
    (identify,) = world.discord.identifies
    assert identify["intents"] == 1 << 0
