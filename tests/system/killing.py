"""Processes that are killed or stopped at a chosen step of a note, and followed by another."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Interaction, Message
from bot.sandbox.sonoran import Fault
from bot.storage import DatabaseUrl
from tests import child, database
from tests.child import Child
from tests.note_messages import ADDED, CHECKING, QUEUED, public, told
from tests.postgresql import administer
from tests.world import PATIENCE, World

QUICK = {
    "SONORAN_SETTLE_SECONDS": "1",
    "SONORAN_CALL_READS_PER_MINUTE": "600",
    "SONORAN_NOTES_PER_MINUTE": "6000",
    "SONORAN_NOTES_BURST": "100",
    "SONORAN_LONGEST_PAUSE_SECONDS": "1",
}

Step = Callable[[World], Awaitable[Interaction]]

never = asyncio.Event  # what is held back by a new one stays so, also for a process that is gone


def holds_edit(world: World, *, taken: bool) -> int:
    """Let the next edit of an answer hang, with or without having taken effect.

    Returns which one that is, counted from 1: a slow step may have been told before it.
    """
    fault = DiscordFault("edit_original", applied=taken, hold=never())
    world.discord.faults.add(fault)
    return 1 + sum(request.route == "edit_original" for request in world.discord.requests)


async def edited(world: World, count: int = 1) -> None:
    """Wait until so many edits of answers have reached Discord."""
    await asyncio.wait_for(world.discord.arrived("edit_original", count), PATIENCE)


@asynccontextmanager
async def running(world: World, where: DatabaseUrl, **more: str) -> AsyncIterator[Child]:
    settings = {**QUICK, "DATABASE_URL": database.setting_of(database.make_file(where)), **more}
    async with child.running(world, world.folder, connections=1, **settings) as process:
        yield process


async def gone(world: World, process: Child, number: int) -> None:
    """Kill a process, or ask it to end, and wait until it has; faults were meant for it alone."""
    if number == signal.SIGKILL:
        await process.kill()
    else:
        process.signal(number)
        status, _, _ = await process.ended()
        assert status == 0
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    world.cad.faults.clear()
    world.discord.faults.clear()


async def lapse(where: DatabaseUrl) -> None:
    """End the claim that a killed process has on its notes until its lease is over."""
    if where.path is None:
        await administer(database.setting_of(where), "DELETE FROM leases")


async def ends_once(world: World, interaction: Interaction) -> Message:
    """Wait for the truth about a note that was added, in the one message it has."""
    message = await told(world, interaction, ADDED)
    assert message.buttons == []
    assert public(world) == [message]
    assert world.stored() == ["some note here"]
    return message


async def before_the_promise(world: World) -> Interaction:
    world.discord.faults.add(DiscordFault("callback", applied=False, hold=never()))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    return interaction


async def after_the_promise(world: World) -> Interaction:
    world.discord.faults.add(DiscordFault("callback", hold=never()))
    interaction = await world.use()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    return interaction


async def queued(world: World) -> Interaction:
    await world.cad.stop()
    interaction = await world.use()
    await told(world, interaction, QUEUED)
    await world.cad.start()
    return interaction


async def waiting_out_a_limit(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "2"}))
    interaction = await world.use()
    await told(world, interaction, QUEUED)
    return interaction


async def sending(world: World) -> Interaction:
    world.cad.faults.add(Fault(hold=never()))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    return interaction


async def stored(world: World) -> Interaction:
    world.cad.faults.add(Fault(applied=True, hold=never()))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    return interaction


async def checking(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=500))
    world.cad.faults.add(Fault(on="calls", hold=never()))
    interaction = await world.use()
    await told(world, interaction, CHECKING)
    return interaction


async def checking_stored(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", hold=never()))
    interaction = await world.use()
    await told(world, interaction, CHECKING)
    return interaction


async def added_before_it_is_shown(world: World) -> Interaction:
    holds_edit(world, taken=False)
    interaction = await world.use()
    await edited(world)
    return interaction


async def added_and_shown(world: World) -> Interaction:
    holds_edit(world, taken=True)
    interaction = await world.use()
    await told(world, interaction, ADDED)
    return interaction


STEPS: dict[str, Step] = {
    "after the promise": after_the_promise,
    "queued": queued,
    "waiting out a limit": waiting_out_a_limit,
    "sending": sending,
    "sending, stored": stored,
    "checking": checking,
    "checking, stored": checking_stored,
    "added, not shown": added_before_it_is_shown,
    "added, shown": added_and_shown,
}
