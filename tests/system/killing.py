"""Processes that are killed or stopped at a chosen step of a note, and followed by another."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Interaction, Message
from bot.sandbox.sonoran import Fault
from bot.storage import DatabaseUrl
from tests import child, database
from tests.child import Child
from tests.note_messages import CHECKING, QUEUED, public, told
from tests.postgresql import administer
from tests.world import PATIENCE, World

QUICK = {
    "SONORAN_SETTLE_SECONDS": "1",
    "SONORAN_CALL_READS_PER_MINUTE": "600",
    "SONORAN_NOTES_PER_MINUTE": "6000",
    "SONORAN_NOTES_BURST": "100",
    "SONORAN_LONGEST_PAUSE_SECONDS": "1",
}

NOTE = "some note here"

Step = Callable[[World, str], Awaitable[Interaction]]
"""Adds a note with a text, and returns when it has come to that step."""

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


async def ends_once(world: World, interaction: Interaction, *notes: str) -> Message:
    """Wait until the last of these notes is told to be there, in the one message it has."""
    notes = notes or (NOTE,)
    message = await told(world, interaction, added(notes[-1]))
    assert message.buttons == []
    assert [each.content for each in public(world)] == [added(note) for note in notes]
    assert public(world)[-1] == message
    assert world.stored() == [*notes]
    return message


def added(note: str) -> str:
    return f"NOTE '{note}' added to call #123"


async def ends_in_turn(
    world: World, where: DatabaseUrl, steps: dict[str, str], number: int
) -> None:
    """End each process at a step of a note, which the next one tells the end of.

    `steps` are their names with the API version of the process that is ended there.
    """
    notes: list[str] = []
    interaction: Interaction | None = None
    for name, version in [*steps.items(), ("", "2")]:
        async with running(world, where, SONORAN_API_VERSION=version) as process:
            if interaction is not None:
                with noted(f"told after the end at: {notes[-1]}"):
                    await ends_once(world, interaction, *notes)
            if not name:
                await gone(world, process, signal.SIGTERM)
                break
            notes.append(name)
            with noted(f"ended at: {name}"):
                interaction = await STEPS[name](world, name)
                await gone(world, process, number)
        if number == signal.SIGKILL:
            await lapse(where)
    assert len(public(world)) == len(world.stored()) == len(steps)


@contextmanager
def noted(where: str) -> Iterator[None]:
    """Let what is raised tell where."""
    try:
        yield
    except BaseException as error:
        error.add_note(where)
        raise


async def before_its_acknowledgement(world: World) -> Interaction:
    world.discord.faults.add(DiscordFault("callback", applied=False, hold=never()))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    return interaction


async def once_acknowledged(world: World, note: str = NOTE) -> Interaction:
    world.discord.faults.add(DiscordFault("callback", hold=never()))
    interaction = await world.use(note)
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    return interaction


async def queued(world: World, note: str) -> Interaction:
    await world.cad.stop()
    interaction = await world.use(note)
    await told(world, interaction, QUEUED)
    await world.cad.start()
    return interaction


async def waiting_out_a_limit(world: World, note: str) -> Interaction:
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "2"}))
    interaction = await world.use(note)
    await told(world, interaction, QUEUED)
    return interaction


async def sending(world: World, note: str) -> Interaction:
    return await _requested(world, note, Fault(hold=never()))


async def stored(world: World, note: str = NOTE) -> Interaction:
    return await _requested(world, note, Fault(applied=True, hold=never()))


async def _requested(world: World, note: str, fault: Fault) -> Interaction:
    world.cad.faults.add(fault)
    count = len(world.cad.note_requests)
    interaction = await world.use(note)
    await asyncio.wait_for(world.cad.received(count + 1), PATIENCE)
    return interaction


async def checking(world: World, note: str) -> Interaction:
    return await _looked_for(world, note, Fault(status=500))


async def checking_stored(world: World, note: str) -> Interaction:
    return await _looked_for(world, note, Fault(status=500, applied=True))


async def _looked_for(world: World, note: str, fault: Fault) -> Interaction:
    world.cad.faults.add(fault)
    world.cad.faults.add(Fault(on="calls", hold=never()))
    interaction = await world.use(note)
    await told(world, interaction, CHECKING)
    return interaction


async def added_before_it_is_shown(world: World, note: str) -> Interaction:
    held = holds_edit(world, taken=False)
    interaction = await world.use(note)
    await edited(world, held)
    return interaction


async def added_and_shown(world: World, note: str) -> Interaction:
    holds_edit(world, taken=True)
    interaction = await world.use(note)
    await told(world, interaction, added(note))
    return interaction


STEPS: dict[str, Step] = {
    "acknowledged": once_acknowledged,
    "queued": queued,
    "waiting out a limit": waiting_out_a_limit,
    "sending": sending,
    "sending, stored": stored,
    "checking": checking,
    "checking, stored": checking_stored,
    "added, not shown": added_before_it_is_shown,
    "added, shown": added_and_shown,
}
