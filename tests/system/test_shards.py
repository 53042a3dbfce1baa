"""Several processes that share a database, each with its part of Discord's shards."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.communities.shards import Shards
from bot.sandbox.discord import Channel, Interaction, Member
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from tests import child, database
from tests.loop_clock import tick
from tests.note_messages import ADDED, told
from tests.postgresql import postgresql
from tests.system.killing import QUICK, never
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long

COUNT = 6
PARTS = ("0,1", "2-3", "4,5")


async def places(world: World) -> list[tuple[Member, Channel]]:
    """Return a dispatcher and a channel of a guild on each shard."""
    found: dict[int, tuple[Member, Channel]] = {}
    while len(found) < COUNT:
        guild = world.discord.add_guild(name="Rockford")  # its id has the present millisecond
        shard = next(n for n in range(COUNT) if Shards(COUNT, [n]).serve(guild.id))
        if shard not in found:
            role = guild.add_role("Dispatcher")
            found[shard] = guild.add_member("dana", roles=[role]), guild.add_channel("dispatch")
        await tick()
    return [found[shard] for shard in range(COUNT)]


async def add(world: World, place: tuple[Member, Channel], note: str) -> Interaction:
    return await world.discord.use_command(*place, "callnote", {"call": "123", "note": note})


async def test_three_processes_serve_six_shards_and_finish_what_a_killed_one_began(
    world: World, request: pytest.FixtureRequest
) -> None:
    where = await places(world)
    roles = ",".join(str(member.roles[0].id) for member, _ in where)
    settings = {**QUICK, "DISCORD_SHARD_COUNT": str(COUNT), "DISPATCHER_ROLE_IDS": roles}
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(postgresql(request.config))
        settings["DATABASE_URL"] = database.setting_of(database.make_file(shared))
        processes = [
            await stack.enter_async_context(
                child.running(
                    world,
                    world.folder,
                    connections=2 * number,
                    **settings,
                    DISCORD_SHARD_IDS=part,
                )
            )
            for number, part in enumerate(PARTS, 1)
        ]
        assert sorted(each["shard"] for each in world.discord.identifies) == [
            [shard, COUNT] for shard in range(COUNT)
        ]
        for shard, place in enumerate(where):
            await told(
                world,
                await add(world, place, f"note {shard}"),
                f"NOTE 'note {shard}' added to call #123",
            )
        world.cad.faults.add(Fault(applied=True, hold=never()))
        world.discord.faults.add(DiscordFault("edit_original", hold=never()))
        count = len(world.cad.note_requests)
        interaction = await add(world, where[5], "some note here")
        await asyncio.wait_for(world.cad.received(count + 1), PATIENCE)
        await processes[2].kill()
        world.discord.faults.clear()
        await told(world, interaction, ADDED)
        await told(
            world, await add(world, where[0], "after it"), "NOTE 'after it' added to call #123"
        )
    assert world.stored() == [*(f"note {n}" for n in range(COUNT)), "some note here", "after it"]
    assert len([each for each in world.discord.requests if each.route == "commands_put"]) == 1
