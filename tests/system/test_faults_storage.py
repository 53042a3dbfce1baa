"""A database that is locked or cut off at any step of a note.

What was promised is kept once the database is back; what could not be stored is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from bot.outbox import OutboxRepository
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from bot.storage import StorageUnavailableError
from bot.timing import Timing
from tests import disturbed_database
from tests.administrator import configure, status
from tests.gate import Gate
from tests.loop_clock import idle, let_pass
from tests.note_messages import (
    ADDED,
    CHECKING,
    QUEUED,
    change_outbox,
    press,
    privately,
    public,
    queued_note,
    shows,
    told,
)
from tests.outbox.workers import eventually
from tests.postgresql import at, postgresql
from tests.world import PATIENCE, World

Met = Callable[[], Awaitable[None]]
Loss = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture(params=["locked", "cut", "stalled"])
async def loss(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Loss]:
    """Give a way to lose the database for a while: a locked file, or a server out of reach."""
    world.let(store_note=Timing().store_note, recovery_interval=0.1, recovery_interval_alone=0.1)
    world.let(transaction=1.0)  # which a server that stalls takes in full
    if request.param == "locked":
        yield world.locked
        return
    async with (
        postgresql(request.config) as address,
        Gate(disturbed_database.way_to(address)) as gate,
    ):
        world.database = at(address, host="127.0.0.1", port=str(gate.port))

        @asynccontextmanager
        async def lost() -> AsyncIterator[None]:
            if request.param == "cut":
                await gate.refuse()
            else:
                gate.stall()
            try:
                yield
            finally:
                await gate.let_pass()

        yield lost
        await world.finish()


# A stall ends as a cut does, with the time that a transaction may take.
locked_or_cut = pytest.mark.parametrize("loss", ["locked", "cut"], indirect=True)
# Where what is done anew above the storage does not depend on how the database was lost.
locked = pytest.mark.parametrize("loss", ["locked"], indirect=True)
cut = pytest.mark.parametrize("loss", ["cut"], indirect=True)


@pytest.fixture
def met(world: World, caplog: pytest.LogCaptureFixture) -> Met:
    """Give a way to wait until the bot has met the lost database with all that it had to do."""

    async def meet() -> None:
        await idle()
        caplog.clear()
        await let_pass(world.timing.recovery_interval, stuck=True)
        # Whatever it has asked of the database by now is in vain.
        await let_pass(world.timing.transaction + 1.0, stuck=True)
        await eventually(lambda: any("nor notes recovered" in each for each in caplog.messages))
        await idle()

    return meet


async def test_a_note_that_cannot_be_stored_is_refused_and_never_sent(
    world: World, loss: Loss
) -> None:
    await world.start_with(2)
    async with loss():
        interaction = await world.use()
        await idle()
        await let_pass(world.timing.transaction + 1.0, stuck=True)
        answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert answer.ephemeral
    assert answer.content.startswith("Not added: Callnote's database is not answering")
    async with asyncio.timeout(PATIENCE):
        while (message := await world.say("another")).ephemeral:  # not quite back yet
            assert message.content.startswith("Not added: Callnote's database is not answering")
    assert message.content == "NOTE 'another' added to call #123"
    await world.finish()
    assert world.stored() == ["another"]
    assert len(public(world)) == 1


async def test_a_note_that_was_stored_although_that_was_not_confirmed_is_discarded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = OutboxRepository.accept

    async def unconfirmed(store: OutboxRepository, *args: Any, **options: Any) -> Any:
        await accept(store, *args, **options)
        raise StorageUnavailableError("no answer in time")

    await world.start_with(2)
    monkeypatch.setattr(OutboxRepository, "accept", unconfirmed)
    answer = await asyncio.wait_for((await world.use()).answered(), PATIENCE)
    assert answer.content.startswith("Not added: Callnote's database is not answering")
    await eventually(lambda: world.rows("SELECT 1 FROM notes") == [])


@locked_or_cut
async def test_a_note_acknowledged_while_the_database_is_lost_is_sent_when_it_is_back(
    world: World, loss: Loss, met: Met
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("callback", hold=held))
    interaction = await world.use()
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    async with loss():
        held.set()
        await met()
        assert world.stored() == []
    message = await world.final(interaction)
    assert message.content == ADDED
    assert public(world) == [message]
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == 1


@pytest.mark.parametrize(
    ("loss", "status"),
    [("cut", None), ("cut", 500), ("locked", 404), ("stalled", 429)],
    indirect=["loss"],
)
async def test_what_the_cad_answered_while_the_database_is_lost_is_told_when_it_is_back(
    world: World, loss: Loss, met: Met, status: int | None
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    applied = status in (None, 500)
    world.cad.faults.add(
        Fault(status=status, body="no" if status else None, applied=applied, hold=held)
    )
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    async with loss():
        held.set()
        await met()
        assert len(world.cad.note_requests) == 1
    message = await world.final(interaction)
    assert public(world) == [message]
    if status == 404:
        assert message.content.startswith("❌ Not added to call #123: no")
        assert world.stored() == []
    else:
        assert message.content == ADDED
        assert world.stored() == ["some note here"]


@cut
async def test_a_queued_note_goes_on_when_the_database_is_back(
    world: World, loss: Loss, met: Met
) -> None:
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    async with loss():
        await world.cad.start()
        await met()
        assert world.stored() == []
    await shows(world, message, ADDED)
    assert public(world) == [message]
    assert world.stored() == ["some note here"]


@locked
async def test_a_note_in_doubt_is_settled_when_the_database_is_back(
    world: World, loss: Loss, met: Met
) -> None:
    await world.start_with(2)
    looked = asyncio.Event()
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", applied=True, hold=looked))
    message = await told(world, await world.use(), CHECKING)
    async with loss():
        looked.set()
        await met()
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert public(world) == [message]


@locked_or_cut
async def test_notes_that_wait_keep_their_order_over_a_lost_database(
    world: World, loss: Loss, met: Met
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held))
    interactions = []
    for n in range(4):
        interactions.append(await world.use(f"note {n}"))
        await asyncio.wait_for(interactions[-1].acknowledged(), PATIENCE)
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    async with loss():
        held.set()
        await met()
    for interaction in interactions:
        await world.final(interaction)
    assert world.stored() == [f"note {n}" for n in range(4)]
    assert len(public(world)) == 4


@cut
async def test_a_press_while_the_database_is_lost_changes_nothing_and_says_so(
    world: World, loss: Loss
) -> None:
    message = await queued_note(world)
    async with loss():
        pressed = await press(world, world.dispatcher, message, "Cancel")
        await idle()
        await let_pass(world.timing.transaction + 1.0, stuck=True)
        said = await privately(world, pressed)
        assert said.startswith("Nothing changed: Callnote's database is not answering")
        assert message.content.startswith(QUEUED)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled: nothing was added to call #123.")
    assert len(world.cad.note_requests) == 1


async def test_a_note_whose_row_cannot_be_read_is_told_to_administrators(world: World) -> None:
    await world.start_with(1)
    await world.final(await world.use())
    await change_outbox(world, "UPDATE notes SET state = 'archived', settled = 0")
    await configure(world, "history")
    assert "❌ Database: 1 note cannot be read" in await status(world)


async def test_a_press_that_the_database_does_not_confirm_says_so_and_can_be_made_again(
    world: World, request: pytest.FixtureRequest
) -> None:
    world.let(transaction=1.0)
    async with postgresql(request.config) as address:
        world.database = address
        message = await queued_note(world)
        lock = "SELECT id FROM notes FOR UPDATE"
        async with disturbed_database.transaction(address, lock):  # the note can be read
            pressed = await press(world, world.dispatcher, message, "Cancel")
            said = await privately(world, pressed)
            assert said.startswith("Callnote's database did not confirm this. Watch the note's")
            assert message.content.startswith(QUEUED)
        await press(world, world.dispatcher, message, "Cancel")
        await shows(world, message, "Cancelled: nothing was added to call #123.")
        assert len(world.cad.note_requests) == 1
        await world.finish()
