"""What a process that follows a killed one keeps to: order, number, time, names."""

from __future__ import annotations

import asyncio
import signal

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Interaction
from bot.sandbox.sonoran import Fault
from tests import child, database
from tests.note_messages import ADDED, NOT_ADDED, public, told
from tests.postgresql import postgresql
from tests.system.killing import QUICK, ends_once, gone, never, once_acknowledged, running, stored
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long


async def test_notes_keep_their_order_over_a_kill(world: World) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        world.cad.faults.add(Fault(applied=True, hold=never()))
        interactions = []
        for n in range(4):
            interactions.append(await world.use(f"note {n}"))
            await asyncio.wait_for(interactions[-1].acknowledged(), PATIENCE)
        await asyncio.wait_for(world.cad.received(1), PATIENCE)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where):
        for n, interaction in enumerate(interactions):
            await told(world, interaction, f"NOTE 'note {n}' added to call #123")
    assert world.stored() == [f"note {n}" for n in range(4)]
    assert len(public(world)) == 4


async def test_a_note_is_added_once_however_often_its_process_is_killed(world: World) -> None:
    where = world.file(0)
    interaction: Interaction | None = None
    for _ in range(3):
        world.cad.faults.add(Fault(hold=never()))
        requests = len(world.cad.note_requests)
        async with running(world, where) as process:
            interaction = interaction or await world.use()
            await asyncio.wait_for(world.cad.received(requests + 1), PATIENCE)
            await gone(world, process, signal.SIGKILL)
    async with running(world, where):
        assert interaction is not None
        await ends_once(world, interaction)
    assert len(world.cad.note_requests) == 4


async def test_after_a_quarter_of_an_hour_the_next_process_edits_the_message_itself(
    world: World,
) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await stored(world)
        await gone(world, first, signal.SIGKILL)
    world.clock.later(15 * 60 + 1)
    async with running(world, where):
        await ends_once(world, interaction)


async def test_a_second_process_finishes_what_a_killed_one_began(
    world: World, request: pytest.FixtureRequest
) -> None:
    """As it is: the claim of the killed process lapses by itself."""
    async with postgresql(request.config) as where, running(world, where) as first:
        interaction = await stored(world)
        settings = {**QUICK, "DATABASE_URL": database.setting_of(where)}
        async with child.running(world, world.folder, connections=2, **settings):
            await first.kill()
            await told(world, interaction, ADDED)
            await ends_once(world, interaction)


async def test_mentions_arrive_as_names_also_after_a_kill(world: World) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        world.discord.faults.add(DiscordFault("callback", hold=never()))
        note = f"<@{world.civilian.id}> of <@&{world.role.id}> in <#{world.channel.id}>"
        interaction = await world.use(note)
        await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
        await gone(world, first, signal.SIGKILL)
    # The next process reaches Discord's API before its gateway, which tells the names.
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("gateway_bot", hold=held))
    asked = asyncio.create_task(world.discord.requested("get_original"))
    asked.add_done_callback(lambda _: held.set())
    async with running(world, where):
        await told(world, interaction, "NOTE '")
    assert asked.done()
    assert world.stored() == ["@casey of @Dispatcher in #dispatch"]


async def test_a_note_acknowledged_15_minutes_before_the_next_process_is_told_as_not_added(
    world: World,
) -> None:
    """Nothing but its interaction leads to its message, and that has ended."""
    where = world.file(0)
    async with running(world, where) as first:
        await once_acknowledged(world)
        await gone(world, first, signal.SIGKILL)
    world.clock.later(15 * 60 + 1)
    async with running(world, where):
        (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
        await world.say("another")
    assert posted.content.startswith(NOT_ADDED)
    assert posted.content.endswith("Your note: some note here")
    assert posted.buttons == []
    assert world.stored() == ["another"]
