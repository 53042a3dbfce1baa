"""An acknowledgement whose confirmation its process never got is found out by the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.standins.discord_server import Fault
from tests import child
from tests.world import PATIENCE, World


async def test_an_unconfirmed_acknowledgement_is_found_out_after_a_restart(world: World) -> None:
    world.database = world.file(0)
    await world.start(other_copy_seconds=PATIENCE)
    world.discord.faults.add(Fault(route="callback", status=500, applied=True))
    interaction = await world.use()
    await asyncio.wait_for(interaction.attempted(2), PATIENCE)
    await world.finish()
    assert interaction.message is not None
    assert interaction.message.loading
    world.stop = asyncio.Event()
    await world.start()
    message = await world.final(interaction)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


async def test_an_acknowledgement_that_lands_after_its_process_was_killed_is_found_out(
    world: World, tmp_path: Path
) -> None:
    world.discord.faults.add(Fault(route="callback", delay=2.5, applied=False))
    async with child.running(world, tmp_path) as killed:
        interaction = await world.use()
        await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
        killed.process.kill()
        await killed.process.wait()
        await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    async with child.running(world, tmp_path):
        await asyncio.wait_for(world.discord.requested("get_original"), PATIENCE)
        message = await world.final(interaction)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


async def test_a_question_whose_confirmation_is_lost_is_no_error(
    world: World, tmp_path: Path
) -> None:
    async with child.running(world, tmp_path) as running:
        await world.say()
        world.discord.faults.add(Fault(route="callback", status=500, applied=True))
        repeated = await world.use()
        await asyncio.wait_for(repeated.attempted(2), PATIENCE)
        running.process.terminate()
        status, out, errors = await running.ended()
    assert (status, errors) == (0, "")
    assert "ERROR" not in out
    assert repeated.message is not None
    assert repeated.message.ephemeral
    assert world.stored() == ["some note here"]
