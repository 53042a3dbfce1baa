"""A note is shown also when its message was deleted, is hidden or can no longer be edited."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS, VIEW_CHANNEL
from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import (
    ADDED,
    CHECKING,
    NOT_ADDED,
    QUEUED,
    UNCONFIRMED,
    out_of_time,
    outbox_says,
    press,
    public,
    shows,
    waiting_note,
)
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

WINDOW = 15 * 60 + 1


def hide_channel(world: World) -> None:
    """Take the right to see the channel from the bot, which it does not need at first."""
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS & ~VIEW_CHANNEL)


async def test_after_a_quarter_of_an_hour_and_a_restart_the_message_is_edited_as_an_ordinary_one(
    world: World,
) -> None:
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    await world.restart()
    await world.cad.start()
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert public(world) == [message]


async def test_after_a_quarter_of_an_hour_a_deleted_message_is_replaced_in_the_channel(
    world: World,
) -> None:
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    world.discord.world.messages.delete(message)
    await world.cad.start()
    (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
    assert posted.content == ADDED
    assert public(world) == [posted]


async def test_after_a_quarter_of_an_hour_the_truth_is_posted_where_the_edit_is_refused(
    world: World,
) -> None:
    """Discord lost the message, as far as the edit goes, but takes a new one."""
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    world.discord.faults.add(
        DiscordFault("edit_message", 403, None, applied=False, body={"code": 50005})
    )
    await world.cad.start()
    (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
    assert posted.content == ADDED
    assert message.content.startswith(QUEUED)


async def test_a_new_message_comes_without_the_text_where_the_bot_may_not_attach_files(
    world: World,
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(status=404, body="CALL NOT FOUND", hold=held))
    interaction = await world.use("one\ntwo")
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    world.clock.later(WINDOW)
    refused = DiscordFault("channel_message", 403, applied=False, body={"code": 50013})
    world.discord.faults.add(refused)
    held.set()
    (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
    assert posted.content.startswith(NOT_ADDED + "CALL NOT FOUND")
    assert posted.content.endswith("Your note: one ↵ two")
    assert posted.attachments == []


async def test_a_channel_that_the_bot_cannot_see_is_no_hindrance_within_the_window(
    world: World,
) -> None:
    hide_channel(world)
    message = await waiting_note(world)
    await world.cad.start()
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def test_what_cannot_be_shown_any_more_is_added_and_noted_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hide_channel(world)
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    await world.cad.start()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    await world.finish()
    assert world.stored() == ["some note here"]
    assert message.content.startswith(QUEUED)
    assert [each for each in caplog.messages if "outcome=added, not shown" in each]


async def test_a_press_opens_the_window_anew(world: World) -> None:
    hide_channel(world)
    message = await waiting_note(world)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    world.clock.later(WINDOW)
    await world.cad.start()
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def test_an_unconfirmed_note_is_cancelled_in_a_channel_that_the_bot_cannot_see(
    world: World,
) -> None:
    """The press itself opens the way to the message, whose own has closed."""
    hide_channel(world)
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    message = await world.say()
    assert message.content.startswith(UNCONFIRMED)
    world.clock.later(WINDOW)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled, but it may have been added")
    assert message.buttons == []


@pytest.mark.parametrize("hidden", [False, True], ids=["", "channel hidden"])
async def test_a_deleted_message_is_replaced_by_one_that_is_kept_true(
    world: World, hidden: bool
) -> None:
    if hidden:
        hide_channel(world)
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held, status=500))
    world.cad.faults.add(Fault(on="calls", applied=True, hold=(looked := asyncio.Event())))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    held.set()
    await asyncio.wait_for(
        world.discord.requested("followup" if hidden else "channel_message"), PATIENCE
    )
    (message,) = public(world)
    await shows(world, message, CHECKING)
    looked.set()
    await shows(world, message, ADDED)
    assert public(world) == [message]
    assert message.buttons == []


async def test_a_note_that_moves_on_while_its_message_is_replaced_gets_one_new_message(
    world: World,
) -> None:
    await world.start_with(2)
    held, posting = asyncio.Event(), asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held, status=500))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    world.discord.faults.add(DiscordFault(route="channel_message", hold=posting))
    held.set()
    await asyncio.wait_for(world.discord.arrived("channel_message"), PATIENCE)
    await outbox_says(world, "added", tries=1)
    posting.set()
    (message,) = public(world)
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def test_a_replaced_messages_buttons_work_after_a_restart(world: World) -> None:
    message = await waiting_note(world)
    world.discord.world.messages.delete(message)
    await out_of_time(world)
    await asyncio.wait_for(world.discord.requested("channel_message"), PATIENCE)
    (message,) = public(world)
    await shows(world, message, NOT_ADDED)
    await world.cad.start()
    await world.restart()
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, ADDED)
    assert public(world) == [message]
