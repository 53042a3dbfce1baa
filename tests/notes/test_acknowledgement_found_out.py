"""An acknowledgement whose confirmation never came is found out, by whoever can."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.notes.failure_texts import unanswered
from bot.sandbox.discord import Fault
from tests import child
from tests import database as databases
from tests.note_messages import ADDED, told
from tests.outbox.workers import eventually
from tests.world import PATIENCE, World


async def test_an_unconfirmed_acknowledgement_is_found_out_after_a_restart(world: World) -> None:
    world.database = world.file(0)
    world.let(other_instance=PATIENCE)
    await world.start()
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
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", applied=False, hold=held))
    async with child.running(world, tmp_path) as killed:
        interaction = await world.use()
        await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
        await killed.kill()
        await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    held.set()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
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
        running.signal(signal.SIGTERM)
        status, out, errors = await running.ended()
    assert (status, errors) == (0, "")
    assert "ERROR" not in out
    assert repeated.message is not None
    assert repeated.message.ephemeral
    assert world.stored() == ["some note here"]


@pytest.fixture(params=["sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Let all bots have one database."""
    if request.param == "sqlite":
        world.database = world.file(0)
        yield world
        return
    async with databases.postgresql(request.config) as address:
        world.database = address
        yield world
        await world.finish()


@pytest.mark.parametrize("stopped", [True, False])
async def test_an_acknowledgement_that_nobody_could_ask_about_is_found_out_by_the_next_client(
    kept: World, stopped: bool
) -> None:
    kept.let(other_instance=PATIENCE)
    await kept.start()
    kept.discord.faults.add(Fault(route="callback", status=500, applied=True))
    kept.discord.faults.add(Fault(route="get_original", abort=True, applied=False, times=None))
    interaction = await kept.use()
    await asyncio.wait_for(interaction.attempted(2), PATIENCE)
    if kept.database != kept.file(0):
        await asyncio.wait_for(kept.discord.arrived("get_original"), PATIENCE)
    if stopped:
        await kept.finish()
    else:
        await kept.discord.drop(4011)
    await asyncio.wait_for(kept.discord.disconnected(), PATIENCE)
    kept.discord.faults.clear()
    if stopped:
        await kept.restart()
    await told(kept, interaction, ADDED)
    assert kept.stored() == ["some note here"]


async def test_an_acknowledgement_that_lands_after_its_process_was_stopped_is_found_out(
    kept: World,
) -> None:
    kept.let(other_instance=PATIENCE, acknowledge=0.5, acknowledged_at_latest=PATIENCE)
    await kept.start()
    held = asyncio.Event()
    kept.discord.faults.add(Fault(route="callback", applied=False, hold=held))
    interaction = await kept.use()
    await asyncio.wait_for(kept.discord.arrived("callback"), PATIENCE)
    if kept.database != kept.file(0):
        await asyncio.wait_for(kept.discord.arrived("get_original"), PATIENCE)
    await kept.finish()
    held.set()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    await kept.restart()
    await told(kept, interaction, ADDED)
    assert kept.stored() == ["some note here"]


async def test_discord_is_asked_again_when_it_does_not_say_what_became_of_an_acknowledgement(
    world: World,
) -> None:
    await world.start()
    world.discord.faults.add(Fault(route="callback", status=500, applied=True))
    world.discord.faults.add(Fault(route="get_original", abort=True, applied=False, times=2))
    interaction = await world.use()
    await told(world, interaction, unanswered(setting=False))
    assert world.stored() == []


async def test_a_command_that_was_cut_off_while_it_was_written_down_is_gone_on_with(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Its client ended for good while the database was away; the process goes on."""
    world.let(drain=0.5)
    await world.start()
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", hold=held))
    interaction = await world.use()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    async with world.locked():
        held.set()
        await world.discord.drop(4011)
        await eventually(lambda: any("were cut off" in each for each in caplog.messages))
    await told(world, interaction, ADDED)
    assert world.stored() == ["some note here"]


async def test_what_another_instance_says_meanwhile_stays(world: World) -> None:
    """It has an outbox of its own and showed its answer while this one was about to close."""
    world.let(other_instance=1.0)
    await world.start()
    world.discord.faults.add(Fault(route="callback", status=500, applied=True))
    world.discord.faults.add(Fault(route="edit_original", abort=True, applied=False))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("edit_original"), PATIENCE)
    path = f"webhooks/{world.discord.application_id}/{interaction.token}/messages/@original"
    async with aiohttp.ClientSession() as other:
        answer = await other.patch(f"{world.discord.api_url}/{path}", json={"content": ADDED})
        assert answer.status == 200
    await asyncio.wait_for(world.discord.requested("get_original", 2), PATIENCE)
    await world.finish()
    assert interaction.message is not None
    assert interaction.message.content == ADDED
