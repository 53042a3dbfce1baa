"""A process that is killed or stopped at any recorded step of a note, and the one that follows it.

Within seconds of its return the truth stands in the same message, and the CAD has the note once.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from bot.standins.discord_server import Fault as DiscordFault
from bot.standins.discord_server import Interaction, Message
from bot.standins.sonoran_server import Fault
from bot.storage import DatabaseAddress
from tests import child, database
from tests.child import Child
from tests.notes import (
    ADDED,
    CHECKING,
    NOT_ADDED,
    QUEUED,
    UNCONFIRMED,
    labels,
    press,
    public,
    shows,
    told,
)
from tests.world import PATIENCE, World

QUICK = {
    "SONORAN_SETTLE_SECONDS": "1",
    "SONORAN_CALL_READS_PER_MINUTE": "600",
    "SONORAN_NOTES_PER_MINUTE": "6000",
    "SONORAN_NOTES_BURST": "100",
    "SONORAN_LONGEST_PAUSE_SECONDS": "1",
}
GIVE_UP_SOON = {"NOTE_GIVE_UP_SECONDS": "1"}
SHARED_CLAIM_SECONDS = 60.0  # a process's claim lapses after 24 s, and somebody has to look

Step = Callable[[World], Awaitable[Interaction]]

never = asyncio.Event  # what is held back by a new one stays so, also for a process that is gone


def holds_edit(world: World, *, taken: bool) -> None:
    """Let the next edit of an answer hang, with or without having taken effect."""
    fault = DiscordFault("edit_original", applied=taken, hold=never())
    world.discord.faults.add(fault)


async def edited(world: World, count: int = 1) -> None:
    """Wait until so many edits of answers have reached Discord."""
    await asyncio.wait_for(world.discord.arrived("edit_original", count), PATIENCE)


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


@asynccontextmanager
async def running(world: World, where: DatabaseAddress, **more: str) -> AsyncIterator[Child]:
    settings = {**QUICK, "DATABASE_URL": database.setting_of(where), **more}
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


async def lapse(where: DatabaseAddress) -> None:
    """End the claim that a killed process has on its notes for another 24 s."""
    if where.path is None:
        connection = await asyncpg.connect(database.setting_of(where))
        try:
            await connection.execute("DELETE FROM processes")
        finally:
            await connection.close()


async def ends_once(world: World, interaction: Interaction) -> Message:
    """Wait for the truth about a note that was added, in the one message it has."""
    message = await told(world, interaction, ADDED)
    assert message.buttons == []
    assert public(world) == [message]
    assert world.stored() == ["some note here"]
    return message


@pytest.mark.parametrize(
    ("name", "version"),
    [(name, "2") for name in STEPS] + [(name, "1") for name in ("sending, stored", "checking")],
)
async def test_a_note_is_added_once_and_told_after_a_kill(
    world: World, name: str, version: str
) -> None:
    where = world.file(0)
    async with running(world, where, SONORAN_API_VERSION=version) as first:
        interaction = await STEPS[name](world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where, SONORAN_API_VERSION=version) as second:
        await ends_once(world, interaction)
        await gone(world, second, signal.SIGTERM)
    assert len(public(world)) == 1
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize(
    "name", ["after the promise", "queued", "sending, stored", "checking", "added, not shown"]
)
async def test_a_note_is_added_once_and_told_after_a_kill_on_postgresql(
    world: World, request: pytest.FixtureRequest, name: str
) -> None:
    async with database.postgresql(request.config) as where:
        async with running(world, where) as first:
            interaction = await STEPS[name](world)
            await gone(world, first, signal.SIGKILL)
        await lapse(where)
        async with running(world, where) as second:
            await ends_once(world, interaction)
            await gone(world, second, signal.SIGTERM)


@pytest.mark.parametrize(
    "name", ["after the promise", "queued", "waiting out a limit", "checking", "checking, stored"]
)
async def test_a_note_is_added_once_and_told_after_a_stop(world: World, name: str) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await STEPS[name](world)
        await gone(world, first, signal.SIGTERM)
    async with running(world, where):
        await ends_once(world, interaction)


async def test_nothing_is_sent_after_a_kill_before_the_promise(world: World) -> None:
    """The member saw that the application did not respond, so there is nobody to tell."""
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await before_the_promise(world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where):
        assert (await world.say("another")).content == "NOTE 'another' added to call #123"
    assert interaction.messages == []
    assert world.stored() == ["another"]


async def refused(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=404, body="CALL NOT FOUND"))
    holds_edit(world, taken=False)
    interaction = await world.use()
    await edited(world)
    return interaction


async def failed(world: World) -> Interaction:
    await world.cad.stop()
    interaction = await world.use()
    await told(world, interaction, QUEUED)
    holds_edit(world, taken=False)
    await edited(world, 2)
    await world.cad.start()
    return interaction


async def unconfirmed(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    interaction = await world.use()
    await told(world, interaction, CHECKING)
    holds_edit(world, taken=False)
    await edited(world, 2)
    world.cad.faults.clear()
    return interaction


async def cancelled(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "60"}))
    interaction = await world.use()
    message = await told(world, interaction, QUEUED)
    holds_edit(world, taken=False)
    await press(world, world.dispatcher, message, "Cancel")
    await edited(world, 2)
    return interaction


ENDS: dict[str, tuple[Step, str, list[str], int]] = {
    "refused": (refused, NOT_ADDED + "CALL NOT FOUND", [], 0),
    "failed": (failed, NOT_ADDED, ["Try again"], 0),
    "unconfirmed": (unconfirmed, UNCONFIRMED, ["Check again", "Send again", "Cancel"], 1),
    "cancelled": (cancelled, "Cancelled: nothing was added to call #123.", [], 0),
}


@pytest.mark.parametrize(("step", "content", "buttons", "count"), ENDS.values(), ids=ENDS)
async def test_an_end_that_was_written_down_is_told_after_a_kill(
    world: World, step: Step, content: str, buttons: list[str], count: int
) -> None:
    where = world.file(0)
    more = GIVE_UP_SOON if step is failed else {}
    async with running(world, where, **more) as first:
        interaction = await step(world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where, **more):
        message = await told(world, interaction, content)
        assert labels(message) == buttons
        assert world.stored() == ["some note here"] * count
        if buttons:
            await press(world, world.dispatcher, message, buttons[0])
            await shows(world, message, ADDED)
            assert world.stored() == ["some note here"]
        assert public(world) == [message]


async def test_notes_keep_their_order_over_a_kill(world: World) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        world.cad.faults.add(Fault(applied=True, hold=never()))
        interactions = []
        for n in range(4):
            interactions.append(await world.use(f"note {n}"))
            await asyncio.wait_for(interactions[-1].acknowledged(), PATIENCE)
        await world.cad.received(1)
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
    async with database.postgresql(request.config) as where, running(world, where) as first:
        interaction = await stored(world)
        settings = {**QUICK, "DATABASE_URL": database.setting_of(where)}
        async with child.running(world, world.folder, connections=2, **settings):
            await first.kill()
            async with asyncio.timeout(SHARED_CLAIM_SECONDS):
                assert interaction.message is not None
                await world.discord.shows(interaction.message, ADDED)
            await ends_once(world, interaction)


async def test_mentions_arrive_as_names_also_after_a_kill(world: World) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        world.discord.faults.add(DiscordFault("callback", hold=never()))
        note = f"<@{world.civilian.id}> of <@&{world.role.id}> in <#{world.channel.id}>"
        interaction = await world.use(note)
        await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
        await gone(world, first, signal.SIGKILL)
    # The next process reaches Discord's API well before its gateway, which tells the names.
    world.discord.faults.add(DiscordFault("gateway_bot", delay=2.0))
    async with running(world, where):
        await told(world, interaction, "NOTE '")
    assert world.stored() == ["@casey of @Dispatcher in #dispatch"]


async def test_a_note_promised_a_quarter_of_an_hour_before_the_next_process_is_told_as_not_added(
    world: World,
) -> None:
    """Nothing but its interaction leads to its message, and that has ended."""
    where = world.file(0)
    async with running(world, where) as first:
        await after_the_promise(world)
        await gone(world, first, signal.SIGKILL)
    world.clock.later(15 * 60 + 1)
    async with running(world, where):
        (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
        await world.say("another")
    assert posted.content.startswith(NOT_ADDED)
    assert posted.content.endswith("Your note: some note here")
    assert posted.buttons == []
    assert world.stored() == ["another"]
