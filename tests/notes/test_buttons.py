"""The buttons below a note, and what they do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import (
    ADDED,
    CHECKING,
    QUEUED,
    UNCONFIRMED,
    failed_note,
    labels,
    later_in_outbox,
    note_in_doubt,
    outbox_says,
    press,
    privately,
    public,
    queued_note,
    shows,
    told,
)
from tests.world import LIMITS, PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

CANCELLED = "Cancelled: nothing was added to call #123."
MOVED_ON = "This note has changed"


async def test_a_note_is_not_sent_again_while_as_many_wait_as_may(world: World) -> None:
    world.config = replace(world.config, limits=replace(LIMITS, waiting_limit=1))
    message = await note_in_doubt(world, stored=False)
    await world.cad.stop()
    await told(world, await world.use("another"), QUEUED)
    pressed = await press(world, world.dispatcher, message, "Send again")
    answer = await privately(world, pressed)
    assert answer.startswith("Nothing changed: too many notes are already waiting")
    assert message.content.startswith(UNCONFIRMED)
    assert "Send again" in labels(message)


async def test_a_note_that_may_be_there_is_not_called_failed_after_a_day(world: World) -> None:
    message = await note_in_doubt(world, stored=True)
    await later_in_outbox(world, 86_401)
    for label in ("Check again", "Send again"):
        answer = await privately(world, await press(world, world.dispatcher, message, label))
        assert answer.startswith("This button works for a day only: look at the call"), label
    assert message.content.startswith(UNCONFIRMED)
    assert world.stored() == ["some note here"]


async def test_a_queued_note_is_cancelled_by_its_author_after_a_restart(world: World) -> None:
    message = await queued_note(world, restarted=True)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, CANCELLED)
    assert message.buttons == []
    assert len(world.cad.note_requests) == 1
    assert public(world) == [message]


async def test_a_cancelled_note_is_not_sent_when_the_cad_is_back(world: World) -> None:
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, CANCELLED)
    assert message.buttons == []
    await world.cad.start()
    await world.say("another")
    assert world.stored() == ["another"]


async def test_a_note_that_was_given_up_is_sent_by_try_again_after_a_restart(
    world: World,
) -> None:
    message = await failed_note(world, restarted=True)
    assert labels(message) == ["Try again"]
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert world.stored() == ["some note here"]
    assert public(world) == [message]


async def test_two_dispatchers_who_try_a_note_again_at_once_add_it_once(world: World) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await failed_note(world)
    held = asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held))
    for member in (world.dispatcher, other):
        await press(world, member, message, "Try again")
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    held.set()
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == 1
    assert public(world) == [message]


async def test_check_again_sends_a_note_that_is_certainly_not_there_after_a_restart(
    world: World,
) -> None:
    message = await note_in_doubt(world, stored=False, restarted=True)
    await press(world, world.dispatcher, message, "Check again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]


async def test_check_again_says_that_it_is_checking_and_finds_a_note_that_was_stored(
    world: World,
) -> None:
    message = await note_in_doubt(world, stored=True)
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    await press(world, world.dispatcher, message, "Check again")
    await shows(world, message, CHECKING)
    held.set()
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == 1


@pytest.mark.parametrize(
    ("stored", "restarted"), [(True, False), (False, True)], ids=["there", "not there, restarted"]
)
async def test_send_again_sends_once_more_whatever_is_there(
    world: World, stored: bool, restarted: bool
) -> None:
    message = await note_in_doubt(world, stored=stored, restarted=restarted)
    await press(world, world.dispatcher, message, "Send again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"] * (2 if stored else 1)
    assert len(world.cad.note_requests) == 2


async def test_an_unconfirmed_note_cancelled_after_a_restart_may_be_there_and_is_not_sent_again(
    world: World,
) -> None:
    message = await note_in_doubt(world, stored=True, restarted=True)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled, but it may have been added to call #123 already")
    assert message.buttons == []
    assert world.stored() == ["some note here"]


async def test_a_note_that_is_being_checked_can_be_cancelled(world: World) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(status=500))
    world.cad.faults.add(Fault(on="calls", hold=held, applied=True))
    message = await told(world, await world.use(), CHECKING)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled, but it may have been added")
    held.set()
    await world.say("another")
    assert world.stored() == ["another"]


async def test_a_note_tried_and_queued_anew_meanwhile_is_cancelled(world: World) -> None:
    await world.start_with(2)
    for seconds in ("1", "95"):
        world.cad.faults.add(Fault(status=429, headers={"Retry-After": seconds}))
    message = await told(world, await world.use(), QUEUED)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault(route="callback", hold=held))
    pressed = await press(world, world.dispatcher, message, "Cancel")
    await pressed.acknowledged()
    await outbox_says(world, "queued", tries=2)
    held.set()
    await shows(world, message, CANCELLED)
    assert world.stored() == []


async def test_a_note_that_was_added_before_the_press_is_not_cancelled(world: World) -> None:
    """Its message still shows the button, as Discord is slow to take the edit."""
    await world.start_with(2)
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "1"}))
    message = await told(world, await world.use(), QUEUED)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault(route="edit_original", applied=False, hold=held))
    await asyncio.wait_for(world.cad.received(2), PATIENCE)
    await outbox_says(world, "added", tries=2)
    answer = await privately(world, await press(world, world.dispatcher, message, "Cancel"))
    assert MOVED_ON in answer
    held.set()
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert world.stored() == ["some note here"]
