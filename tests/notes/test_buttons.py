"""The buttons below a note: who may press them, what they do, and when they no longer do it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Message
from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import (
    ADDED,
    CHECKING,
    NOT_ADDED,
    QUEUED,
    UNCONFIRMED,
    forge,
    labels,
    out_of_time,
    outbox_says,
    press,
    privately,
    public,
    shows,
    told,
)
from tests.world import LIMITS, PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

CANCELLED = "Cancelled: nothing was added to call #123."
MOVED_ON = "This note has changed"

around_a_restart = pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])


async def queued(world: World, *, restarted: bool = False) -> Message:
    """Return the message of a note that is not to be tried within the next minute."""
    await world.start_with(2)
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "95"}))
    message = await told(world, await world.use(), QUEUED)
    if restarted:
        await world.restart()
    return message


async def given_up(world: World, *, restarted: bool = False) -> Message:
    """Return the message of a note that could not be sent; the CAD can be reached again."""
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    await world.cad.start()
    if restarted:
        await world.restart()
    return message


async def in_doubt(world: World, *, stored: bool, restarted: bool = False) -> Message:
    """Return the message of a note that the call list said nothing about; it is back since."""
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=stored))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    message = await world.say()
    assert message.content.startswith(UNCONFIRMED)
    world.cad.faults.clear()
    if restarted:
        await world.restart()
    return message


async def test_a_note_is_not_sent_again_while_as_many_wait_as_may(world: World) -> None:
    world.config = replace(world.config, limits=replace(LIMITS, waiting_notes=1))
    message = await in_doubt(world, stored=False)
    await world.cad.stop()
    await told(world, await world.use("another"), QUEUED)
    pressed = await press(world, world.dispatcher, message, "Send again")
    assert "notes are already waiting for Sonoran CAD" in await privately(world, pressed)
    assert message.content.startswith(UNCONFIRMED)
    assert "Send again" in labels(message)


@around_a_restart
async def test_a_queued_note_is_cancelled_by_its_author(world: World, restarted: bool) -> None:
    message = await queued(world, restarted=restarted)
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
    await world.cad.start()
    await world.say("another")
    assert world.stored() == ["another"]


async def test_a_queued_note_is_cancelled_by_an_administrator_who_is_a_dispatcher(
    world: World,
) -> None:
    world.admin.roles.append(world.role)
    message = await queued(world)
    await press(world, world.admin, message, "Cancel")
    await shows(world, message, CANCELLED)


@around_a_restart
async def test_another_dispatcher_cannot_cancel_a_note(world: World, restarted: bool) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await queued(world, restarted=restarted)
    answer = await privately(world, await press(world, other, message, "Cancel"))
    assert "Only the note's author" in answer
    assert message.content.startswith(QUEUED)
    assert labels(message) == ["Cancel"]


@around_a_restart
async def test_a_member_without_the_role_cannot_press_anything(
    world: World, restarted: bool
) -> None:
    message = await given_up(world, restarted=restarted)
    before = message.content
    answer = await privately(world, await press(world, world.civilian, message, "Try again"))
    assert "you need one of these roles" in answer
    assert message.content == before
    assert world.stored() == []


async def test_a_dispatcher_who_lost_the_role_cannot_cancel_any_more(world: World) -> None:
    message = await queued(world)
    world.dispatcher.roles.clear()
    answer = await privately(world, await press(world, world.dispatcher, message, "Cancel"))
    assert "you need one of these roles" in answer
    assert message.content.startswith(QUEUED)


@around_a_restart
async def test_a_note_that_was_given_up_is_sent_by_try_again(world: World, restarted: bool) -> None:
    message = await given_up(world, restarted=restarted)
    assert labels(message) == ["Try again"]
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert world.stored() == ["some note here"]
    assert public(world) == [message]


async def test_any_dispatcher_may_try_a_note_again_under_its_authors_name(world: World) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await given_up(world)
    await press(world, other, message, "Try again")
    await shows(world, message, ADDED)
    assert [note.label for note in world.cad.notes(123)] == ["Dana D-2"]


async def test_two_dispatchers_who_try_a_note_again_at_once_add_it_once(world: World) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await given_up(world)
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


@around_a_restart
async def test_check_again_finds_a_note_that_was_stored(world: World, restarted: bool) -> None:
    message = await in_doubt(world, stored=True, restarted=restarted)
    await press(world, world.dispatcher, message, "Check again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == 1


@around_a_restart
async def test_check_again_sends_a_note_that_is_certainly_not_there(
    world: World, restarted: bool
) -> None:
    message = await in_doubt(world, stored=False, restarted=restarted)
    await press(world, world.dispatcher, message, "Check again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]


async def test_check_again_says_that_it_is_checking(world: World) -> None:
    message = await in_doubt(world, stored=True)
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    await press(world, world.dispatcher, message, "Check again")
    await shows(world, message, CHECKING)
    held.set()
    await shows(world, message, ADDED)


@around_a_restart
@pytest.mark.parametrize("stored", [True, False])
async def test_send_again_sends_once_more_whatever_is_there(
    world: World, stored: bool, restarted: bool
) -> None:
    message = await in_doubt(world, stored=stored, restarted=restarted)
    await press(world, world.dispatcher, message, "Send again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"] * (2 if stored else 1)
    assert len(world.cad.note_requests) == 2


@around_a_restart
async def test_an_unconfirmed_note_cancelled_may_be_there_and_is_not_sent_again(
    world: World, restarted: bool
) -> None:
    message = await in_doubt(world, stored=True, restarted=restarted)
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
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "1"}, times=2))
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


@around_a_restart
async def test_a_forged_button_of_an_added_note_does_nothing(world: World, restarted: bool) -> None:
    await world.start_with(2)
    interaction = await world.use()
    message = await told(world, interaction, ADDED)
    if restarted:
        await world.restart()
    for action in ("cancel", "retry", "check", "resend", "add", "explode"):
        forged = await forge(world, world.dispatcher, f"callnote:{action}:{interaction.id}")
        assert MOVED_ON in await privately(world, forged), action
        assert message.content == ADDED, action
    assert world.stored() == ["some note here"]
    assert len(world.cad.requests) == 1


async def test_a_forged_button_that_a_queued_note_does_not_have_does_nothing(world: World) -> None:
    message = await queued(world)
    assert message.interaction is not None
    for action in ("retry", "check", "resend", "add", "explode"):
        custom_id = f"callnote:{action}:{message.interaction.id}"
        forged = await forge(world, world.dispatcher, custom_id)
        assert MOVED_ON in await privately(world, forged), action
        assert message.content.startswith(QUEUED), action
    assert len(world.cad.note_requests) == 1


async def test_a_forged_button_of_a_note_that_is_not_kept_says_so(world: World) -> None:
    await world.start_with(2)
    for number in (1, 2**63, 10**20 - 1):
        forged = await forge(world, world.dispatcher, f"callnote:cancel:{number}")
        answer = await privately(world, forged)
        assert answer.startswith("Callnote no longer has this note"), number


async def test_a_note_of_another_server_is_out_of_reach(world: World) -> None:
    elsewhere = world.discord.add_guild("Elsewhere")
    role = elsewhere.add_role("Dispatcher")
    stranger = elsewhere.add_member("sid", roles=[role])
    channel = elsewhere.add_channel("dispatch")
    world.config = replace(world.config, dispatcher_role_ids=frozenset({world.role.id, role.id}))
    message = await queued(world)
    assert message.interaction is not None
    custom_id = f"callnote:cancel:{message.interaction.id}"
    answer = await privately(world, await forge(world, stranger, custom_id, channel))
    assert answer.startswith("Callnote no longer has this note")
    assert message.content.startswith(QUEUED)


async def test_a_button_that_is_gone_does_nothing(world: World) -> None:
    message = await queued(world)
    (button,) = message.buttons
    assert button.custom_id is not None
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, CANCELLED)
    again = await world.discord.press_button(
        world.dispatcher, message, button.custom_id, forged=True
    )
    world.cad.faults.clear()
    await privately(world, await forge(world, world.dispatcher, button.custom_id))
    assert again.callbacks == []
    assert message.content.startswith(CANCELLED)
