"""Whatever Discord does, one note is sent for one acknowledgement, and one message tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.sandbox.discord import Fault, Message
from bot.sandbox.sonoran import Fault as CadFault
from tests import engines, kept_bot
from tests.note_messages import ADDED, CHECKING, QUEUED, press, public, queued_note, shows, told
from tests.postgresql import postgresql
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

CANCELLED = "Cancelled: nothing was added to call #123."
WINDOW = 15 * 60 + 1

FAULTS = {
    "404": Fault("", 404, applied=False, body={"code": 10008, "message": "Unknown Message"}),
    "404 of the webhook": Fault(
        "", 404, applied=False, body={"code": 10015, "message": "Unknown Webhook"}
    ),
    "401": Fault("", 401, applied=False),
    "403": Fault("", 403, applied=False),
    # Discord's own comes through a proxy that signs itself; discord.py waits only for those.
    "429": Fault("", 429, applied=False, times=2, headers={"Via": "1.1 x", "Retry-After": "0.1"}),
    "429 of a proxy": Fault("", 429, applied=False),
    "500": Fault("", 500, applied=False),
    "502, but taken": Fault("", 502, applied=True),
    "cut": Fault("", abort=True, applied=False),
    "cut, but taken": Fault("", abort=True, applied=True),
    "unreadable, but taken": Fault("", 200, applied=True, body="<html>"),
    "slow": Fault("", delay=0.5, applied=True),
}

every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


def faults(*names: str) -> pytest.MarkDecorator:
    """Give some faults, one of each kind that is gone on from in its own way."""
    return pytest.mark.parametrize("fault", [FAULTS[name] for name in names], ids=names)


@pytest_asyncio.fixture(loop_scope="module")
async def shared(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Let the bots share a PostgreSQL database."""
    async with postgresql(request.config) as address:
        world.database = address
        yield world
        await world.finish()


@pytest_asyncio.fixture(params=engines.ENGINES, loop_scope="module")
async def kept(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Let all bots have one database, on each engine."""
    async with engines.one_database(request, world):
        yield world


def fails(world: World, fault: Fault, route: str) -> None:
    world.discord.faults.add(replace(fault, route=route))


@every_fault
async def test_the_final_answer_arrives_in_the_same_message(world: World, fault: Fault) -> None:
    await world.start_with(2)
    fails(world, fault, "edit_original")
    interaction = await world.use()
    message = await told(world, interaction, ADDED)
    await world.settled()
    assert public(world) == [message]
    assert message.content == ADDED
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == 1


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("queued", "404"),
        ("queued", "404 of the webhook"),
        ("queued", "500"),
        ("queued", "cut"),
        ("queued", "unreadable, but taken"),
        ("checking", "403"),
        ("checking", "429 of a proxy"),
    ],
)
async def test_a_step_that_could_not_be_told_does_not_keep_the_end_from_being_told(
    world: World, step: str, name: str
) -> None:
    await world.start_with(2)
    looked = asyncio.Event()
    if step == "queued":
        await world.cad.stop()
    else:
        world.cad.faults.add(CadFault(status=500, applied=True))
        world.cad.faults.add(CadFault(on="calls", applied=True, hold=looked))
    fails(world, FAULTS[name], "edit_original")
    interaction = await world.use()
    message = await told(world, interaction, QUEUED if step == "queued" else CHECKING)
    looked.set()
    if step == "queued":
        await world.cad.start()
    await shows(world, message, ADDED)
    await world.settled()
    assert public(world) == [message]
    assert message.buttons == []
    assert world.stored() == ["some note here"]


@faults("404", "404 of the webhook", "403", "429 of a proxy", "502, but taken", "cut")
async def test_after_the_window_the_final_answer_arrives_once(world: World, fault: Fault) -> None:
    """In the same message, or in a new one where Discord says that it cannot be edited."""
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    world.clock.later(WINDOW)
    fails(world, fault, "edit_message")
    await world.cad.start()
    final: list[Message] = []

    def said() -> bool:
        final[:] = [each for each in public(world) if each.content == ADDED]
        return bool(final)

    await asyncio.wait_for(world.discord.world.changes.until(said), PATIENCE)
    await world.settled()
    assert len(final) == 1
    assert final == [message] or fault.status == 404
    assert world.stored() == ["some note here"]


@faults(
    "404",
    "403",
    "429 of a proxy",
    "500",
    "502, but taken",
    "cut",
    "cut, but taken",
    "unreadable, but taken",
)
async def test_a_new_message_for_a_deleted_one_tells_the_end(world: World, fault: Fault) -> None:
    """Its nonce makes one of what is sent again after a lost confirmation."""
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(CadFault(applied=True, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    fails(world, fault, "channel_message")
    held.set()

    def said() -> bool:
        return bool(public(world))

    await asyncio.wait_for(world.discord.world.changes.until(said), PATIENCE)
    await world.settled()
    assert [message.content for message in public(world)] == [ADDED]
    assert world.stored() == ["some note here"]


TAKEN = [name for name in FAULTS if "taken" in name]
OVERCOME = ["401", "403", "429", "429 of a proxy", "500", "cut", "slow"]
NOT_TAKEN = [name for name in FAULTS if name not in TAKEN and name not in OVERCOME]


@pytest.mark.parametrize("name", OVERCOME)
async def test_an_acknowledgement_that_discord_takes_in_the_end_is_kept(
    world: World, name: str
) -> None:
    await world.start_with(2)
    fails(world, FAULTS[name], "callback")
    message = await world.say()
    assert message.content == ADDED
    assert public(world) == [message]
    assert world.stored() == ["some note here"]


async def test_nothing_is_sent_for_acknowledgements_that_discord_did_not_take(
    kept: World,
) -> None:
    kept.let(acknowledged_at_latest=1.5)
    await kept.start_with(2)
    interactions = {}
    for count, name in enumerate(NOT_TAKEN, 1):
        fails(kept, FAULTS[name], "callback")
        interactions[name] = await kept.use(f"acknowledged with {name}")
        await asyncio.wait_for(kept.discord.arrived("callback", count), PATIENCE)
    await kept.finish()
    assert {name: each.messages for name, each in interactions.items() if each.messages} == {}
    assert kept.stored() == []
    await kept.restart()
    await kept.say("another")
    assert kept.stored() == ["another"]


@pytest.mark.parametrize(
    ("kept", "name"),
    [*(("sqlite", name) for name in TAKEN), ("postgresql", TAKEN[0])],
    indirect=["kept"],
)
async def test_an_acknowledgement_whose_confirmation_was_lost_is_gone_on_with(
    kept: World, name: str
) -> None:
    await kept.start_with(2)
    fails(kept, FAULTS[name], "callback")
    message = await kept.say()
    assert message.content == ADDED
    await kept.finish()
    assert public(kept) == [message]
    assert kept.stored() == ["some note here"]


@faults("404", "500", "502, but taken", "unreadable, but taken", "slow")
async def test_a_press_that_discord_disturbs_moves_the_note_or_leaves_it_to_another_press(
    world: World, fault: Fault
) -> None:
    message = await queued_note(world)
    fails(world, fault, "callback")
    pressed = await press(world, world.dispatcher, message, "Cancel")
    await asyncio.wait_for(world.discord.arrived("callback", 2), PATIENCE)
    # Whoever saw no effect, presses once more.
    if fault.status is not None or fault.abort:
        await world.restart()
        if message.buttons:
            await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, CANCELLED)
    assert pressed.followups == []
    assert public(world) == [message]
    assert len(world.cad.note_requests) == 1


async def test_two_bots_on_one_database_add_one_note_and_give_one_answer_each(
    shared: World,
) -> None:
    await shared.start_with(2)
    await shared.start_with(2)
    for n in range(0, 10, 2):
        shared.discord.faults.add(Fault("callback", 502, applied=n % 4 == 0))
    interactions = await asyncio.gather(*(shared.use(f"note {n}") for n in range(10)))
    messages = [await shared.final(each) for each in interactions]
    await shared.finish()
    assert sorted(shared.stored()) == [f"note {n}" for n in range(10)]
    assert [message.content for message in messages] == [
        f"NOTE 'note {n}' added to call #123" for n in range(10)
    ]
    assert [len(each.messages) for each in interactions] == [1] * 10


async def test_two_bots_on_one_database_ask_once_about_a_repeated_note(shared: World) -> None:
    await shared.start_with(2)
    await shared.start_with(2)
    await shared.say()
    second = await shared.use()
    question = await asyncio.wait_for(second.answered(), PATIENCE)
    assert question.ephemeral
    pressed = await press(shared, shared.dispatcher, question, "Add anyway")
    await told(shared, pressed, ADDED)
    await shared.finish()
    assert shared.stored() == ["some note here"] * 2
    assert len(public(shared)) == 2


@pytest.mark.parametrize("label", ["Send again", "Cancel"])
async def test_two_bots_on_one_database_do_what_was_pressed_once(shared: World, label: str) -> None:
    await shared.start_with(2)
    await shared.start_with(2)
    shared.cad.faults.add(CadFault(status=500, applied=True))
    shared.cad.faults.add(CadFault(on="calls", status=500, times=None))
    message = await shared.say()
    shared.cad.faults.clear()
    await press(shared, shared.dispatcher, message, label)
    await shows(shared, message, "Cancelled, but" if label == "Cancel" else ADDED)
    await shared.finish()
    assert len(shared.stored()) == (2 if label == "Send again" else 1)
    assert public(shared) == [message]
