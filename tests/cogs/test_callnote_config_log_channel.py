"""Administrators choose a channel where every note is recorded, or none."""

from __future__ import annotations

import asyncio

from bot.sandbox.discord import Channel, Message
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.markdown import render
from bot.sandbox.discord.model import ANNOUNCEMENT_CHANNEL, VOICE_CHANNEL
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS, SEND_MESSAGES
from bot.sandbox.sonoran import Fault
from tests.administrator import choose, configure, press
from tests.world import PATIENCE, World

READ_ONLY = ORDINARY_PERMISSIONS & ~SEND_MESSAGES


async def posted(world: World, channel: Channel, count: int) -> Message:
    """Wait for the bot's message with this number in a channel, counted from 1."""
    messages = await asyncio.wait_for(world.discord.posted(channel, count), PATIENCE)
    return messages[count - 1]


async def test_every_note_is_recorded_with_who_which_call_text_outcome_and_link(
    world: World,
) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    message = await configure(world, "log-channel", {"channel": log})
    assert message.content == "Every note is recorded in #log from now on."
    assert (await posted(world, log, 1)).content == "Callnote can write here."
    answer = await world.say("Suspect **fled**\nnorth @everyone")
    entry = await posted(world, log, 2)
    link = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{answer.id}"
    head, text = entry.content.split("\n")
    assert head == f"<@{world.dispatcher.id}> (Dana D-2) · call #123 · added · {link}"
    assert render(text).text == "'Suspect **fled** ↵ north @everyone'"
    assert not entry.pings.everyone
    assert not entry.pings.users


async def test_a_refused_note_is_recorded_with_the_cad_s_reason(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    world.cad.faults.add(
        Fault(on="note", status=404, body="NO SUCH CALL", content_type="text/plain")
    )
    await world.say(call="999")
    assert "call #999 · refused" in (await posted(world, log, 2)).content


async def test_a_note_too_long_for_one_message_is_recorded_shortened(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    await world.say("x" * 4000)
    entry = await posted(world, log, 2)
    assert len(entry.content) <= 2000
    assert "shortened here" in entry.content


async def test_a_channel_without_write_permission_is_refused_at_once(world: World) -> None:
    log = world.guild.add_channel("log", app_permissions=READ_ONLY)
    hidden = world.guild.add_channel("hidden", app_permissions=0)
    await world.registered()
    message = await configure(world, "log-channel", {"channel": log})
    assert "give Callnote Send Messages in #log" in message.content
    message = await configure(world, "log-channel", {"channel": hidden})
    assert "give Callnote View Channel and Send Messages in #" in message.content
    assert "not recorded" in (await configure(world, "log-channel")).content


async def test_a_refusal_that_no_permission_tells_of_is_noticed(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    world.discord.faults.add(
        DiscordFault(route="channel_message", status=403, applied=False, times=None)
    )
    message = await configure(world, "log-channel", {"channel": log})
    assert "Nothing changed" in message.content
    assert "not recorded" in (await configure(world, "log-channel")).content


async def test_only_channels_for_text_can_be_chosen(world: World) -> None:
    world.guild.add_channel("voice", type=VOICE_CHANNEL)
    news = world.guild.add_channel("news", type=ANNOUNCEMENT_CHANNEL)
    await world.registered()
    (command,) = [
        each for each in world.discord.registered_commands if each["name"] == "callnote-config"
    ]
    (sub,) = [each for each in command["options"] if each["name"] == "log-channel"]
    assert sorted(sub["options"][0]["channel_types"]) == [0, 5]
    message = await configure(world, "log-channel", {"channel": news})
    assert message.content == "Every note is recorded in #news from now on."


async def test_the_channel_is_chosen_and_switched_off_in_the_picker(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    shown = await configure(world, "log-channel")
    assert shown.buttons == []
    said = await choose(world, shown, "log-channel", [log])
    assert said == "Every note is recorded in #log from now on."
    said = await press(world, shown, "Record nowhere")
    assert said == "Notes are no longer recorded in a channel."
    assert shown.buttons == []


async def test_a_channel_that_becomes_unwritable_is_told_in_status_and_notes_go_on(
    world: World,
) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    log.set_app_permissions(READ_ONLY)
    assert (await world.say()).content == "NOTE 'some note here' added to call #123"
    status = render((await configure(world, "status")).content).text
    assert "Log channel #log: Callnote lacks Send Messages there" in status


async def test_a_deleted_channel_is_told_in_status_and_notes_go_on(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    world.guild.delete_channel(log)
    assert (await world.say()).content == "NOTE 'some note here' added to call #123"
    text = (await configure(world, "status")).content
    assert "❌ Log channel: the channel is gone. Notes still work; choose another" in text
    shown = (await configure(world, "log-channel")).content
    assert "was deleted: choose another" in shown


async def test_an_entry_that_was_lost_is_posted_while_other_notes_keep_coming(
    world: World,
) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    world.discord.faults.add(DiscordFault(route="channel_message", abort=True, applied=False))
    await world.say("lost at first")
    await asyncio.wait_for(world.discord.arrived("channel_message", 2), PATIENCE)
    entries = 1
    async with asyncio.timeout(PATIENCE):
        while True:
            entries += 1
            await world.say(f"note {entries}")
            messages = await world.discord.posted(log, entries)
            if any("'lost at first'" in message.content for message in messages):
                break


async def test_a_failure_that_permissions_do_not_tell_of_is_told_until_it_works_again(
    world: World,
) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    world.discord.faults.add(DiscordFault(route="channel_message", status=403, applied=False))
    await world.say("one")
    await asyncio.wait_for(world.discord.requested("channel_message", 2), PATIENCE)
    assert "did not let Callnote" in (await configure(world, "log-channel")).content
    text = (await configure(world, "status")).content
    assert "at the last note, Discord did not let Callnote write there" in text
    await world.say("two")
    assert "'two'" in (await posted(world, log, 2)).content
    assert "did not let Callnote write" not in (await configure(world, "status")).content
