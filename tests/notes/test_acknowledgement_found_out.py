"""An acknowledgement whose confirmation never came is found out, by whoever can."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.communities.shards import Shards
from bot.interactions.discord_answers import RouteDelays
from bot.notes.status_message import EditResult, StatusMessage
from bot.sandbox.discord import Fault
from bot.timing import Timing
from tests import child, engines
from tests.loop_clock import let_pass
from tests.note_messages import ADDED, public, told
from tests.note_records import record
from tests.outbox.workers import eventually
from tests.world import PATIENCE, World

kept = engines.kept


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


@pytest.mark.parametrize(
    ("kept", "stopped"), [("sqlite", False), ("postgresql", True)], indirect=["kept"]
)
async def test_an_acknowledgement_that_nobody_could_ask_about_is_found_out_by_the_next_client(
    kept: World, stopped: bool
) -> None:
    await kept.start()
    kept.discord.faults.add(Fault(route="callback", status=500, applied=True))
    kept.discord.faults.add(Fault(route="get_original", abort=True, applied=False, times=None))
    interaction = await kept.use()
    await asyncio.wait_for(interaction.attempted(2), PATIENCE)
    await asyncio.wait_for(kept.discord.arrived("get_original"), PATIENCE)
    if stopped:
        await kept.finish()
    else:
        await kept.discord.drop(4011)
    await asyncio.wait_for(kept.discord.disconnected(), PATIENCE)
    kept.discord.faults.clear()
    if stopped:
        await kept.restart()
    message = await told(kept, interaction, ADDED)
    assert public(kept) == [message]
    assert kept.stored() == ["some note here"]


async def test_an_acknowledgement_that_lands_after_its_process_was_stopped_is_found_out(
    world: World,
) -> None:
    world.let(acknowledge=0.5, acknowledged_at_latest=PATIENCE)
    await world.start()
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", applied=False, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    await asyncio.wait_for(world.discord.arrived("get_original"), PATIENCE)
    await world.finish()
    held.set()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    await world.restart()
    message = await told(world, interaction, ADDED)
    assert public(world) == [message]
    assert world.stored() == ["some note here"]


async def test_a_note_found_by_a_process_with_other_shards_goes_without_discords_codes(
    world: World,
) -> None:
    world.let(acknowledge=0.5, acknowledged_at_latest=PATIENCE)
    await world.start()
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", applied=False, hold=held))
    interaction = await world.use("<@1234> at <t:0>")
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    await asyncio.wait_for(world.discord.arrived("get_original"), PATIENCE)
    await world.finish()
    held.set()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    other = 1 - (world.guild.id >> 22) % 2
    world.config = replace(world.config, shards=Shards(2, [other]))
    await world.restart()
    await told(world, interaction, "added to call #123")
    assert world.stored() == ["@unknown at 1970-01-01 00:00 UTC"]


async def test_discord_is_asked_again_when_it_does_not_say_what_became_of_an_acknowledgement(
    world: World,
) -> None:
    await world.start()
    world.discord.faults.add(Fault(route="callback", status=500, applied=True))
    world.discord.faults.add(Fault(route="get_original", abort=True, applied=False, times=2))
    await told(world, await world.use(), ADDED)
    assert world.stored() == ["some note here"]


async def test_an_acknowledgement_that_lands_before_discord_tells_that_there_is_none_is_found_out(
    world: World,
) -> None:
    world.let(acknowledge=0.5, acknowledged_at_latest=-2.0)
    await world.start()
    landed, told_late = asyncio.Event(), asyncio.Event()
    world.discord.faults.add(Fault(route="callback", applied=False, hold=landed))
    world.discord.faults.add(Fault(route="get_original", hold=told_late))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("get_original"), PATIENCE)
    landed.set()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    await let_pass(10.0)
    told_late.set()
    await told(world, interaction, ADDED)
    assert world.stored() == ["some note here"]


async def test_a_command_that_was_cut_off_while_it_was_queued_is_recovered(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Its client ended for good while the database was away; the process goes on."""
    world.let(drain=0.5)
    await world.start_with(2)
    await world.cad.stop()
    await told(world, await world.use(), "is not answering")
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", hold=held))
    interaction = await world.use(note="another")
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    async with world.locked():
        held.set()
        await world.discord.drop(4011)
        await eventually(lambda: any("cut off after" in each for each in caplog.messages))
    await world.cad.start()
    await told(world, interaction, "NOTE 'another' added to call #123")
    assert world.stored() == ["some note here", "another"]


async def test_a_note_whose_token_is_gone_is_too_late_to_be_found() -> None:
    """So its member is told in a new message, rather than nobody."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        message = StatusMessage(client, record(token=None), delays=RouteDelays(), timing=Timing())
        assert await message.find() == (EditResult.GAVE_UP, None)
        assert message.token_over
