"""Lost, resumed and replaced gateway connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.timing import Timing
from tests.note_messages import ADDED, press, public, queued_note, shows, told, under_way
from tests.world import PATIENCE, World


async def test_commands_before_and_after_a_lost_connection_are_carried_out(world: World) -> None:
    await world.start()
    await world.discord.drop(4000)
    interaction = await world.use()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert len(world.discord.resumes) == 1
    interaction = await world.use("in flight")
    await world.discord.drop()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == "NOTE 'in flight' added to call #123"
    await world.discord.ask_to_reconnect()
    message = await world.say("after")
    assert message.content == "NOTE 'after' added to call #123"
    assert world.stored() == ["some note here", "in flight", "after"]
    (identify,) = world.discord.identifies
    assert identify["intents"] == 1 << 0  # guilds


async def test_an_invalidated_session_begins_anew_at_the_same_endpoint(world: World) -> None:
    await world.start()
    await world.discord.invalidate_sessions()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    assert len(world.discord.identifies) == 2


async def test_a_bot_stops_although_a_shard_is_connecting_anew(world: World) -> None:
    world.let(identify_again=Timing().identify_again)
    await world.start()
    await world.discord.invalidate_sessions()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await world.finish()
    assert len(world.discord.identifies) == 1


async def lose_session(world: World) -> None:
    await world.discord.invalidate_sessions()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)


LOSSES: dict[str, Callable[[World], Awaitable[None]]] = {
    "cut": lambda world: world.discord.drop(),
    "dropped": lambda world: world.discord.drop(4000),
    "asked to reconnect": lambda world: world.discord.ask_to_reconnect(),
    "session lost": lose_session,
    "closed for good": lambda world: world.discord.drop(4011),
}


@pytest.mark.parametrize(
    ("step", "how"),
    [
        ("queued", "dropped"),
        ("queued", "closed for good"),
        ("sending", "cut"),
        ("sending", "session lost"),
        ("sending", "closed for good"),
        ("checking", "asked to reconnect"),
        ("checking", "closed for good"),
    ],
)
async def test_a_note_on_its_way_is_told_although_the_gateway_is_lost(
    world: World, step: str, how: str
) -> None:
    """Also where discord.py gives up and another client takes its place (code 4011).

    Only that changes what a note is shown with, so it comes at each step.
    """
    await world.start_with(2)
    held = asyncio.Event()
    message = await under_way(world, step, held)
    await LOSSES[how](world)
    if step == "queued":
        await world.cad.start()
    held.set()
    await shows(world, message, ADDED)
    assert public(world) == [message]
    assert world.stored() == ["some note here"]
    # Stopped while it connects, discord.py would leave a thread behind that outlives the test.
    await asyncio.wait_for(world.discord.connected(), PATIENCE)


async def test_a_button_works_on_the_next_connection(world: World) -> None:
    message = await queued_note(world)
    await world.discord.drop(4011)
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled: nothing was added to call #123.")
    assert world.stored() == []


@pytest.mark.parametrize("landed", [True, False])
async def test_an_acknowledgement_in_doubt_when_another_client_takes_over_is_found_out(
    world: World, landed: bool
) -> None:
    world.let(acknowledge=0.5, acknowledged_at_latest=PATIENCE if landed else 1.0)
    await world.start()
    never = asyncio.Event()
    world.discord.faults.add(DiscordFault("callback", applied=landed, hold=never))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    await world.discord.drop(4011)
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    if landed:
        await told(world, interaction, ADDED)
    another = await world.say("another")
    assert another.content == "NOTE 'another' added to call #123"
    assert world.stored() == (["some note here"] if landed else []) + ["another"]
    assert public(world) == ([interaction.message] if landed else []) + [another]
