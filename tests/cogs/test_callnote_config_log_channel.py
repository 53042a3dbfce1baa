"""Administrators choose a channel where every note is recorded, or none."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import ApiError, Channel, Message
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.markdown import render
from bot.sandbox.discord.model import ANNOUNCEMENT_CHANNEL, VOICE_CHANNEL
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS, SEND_MESSAGES
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.administrator import choose, configure, press, status
from tests.note_messages import told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world

READ_ONLY = ORDINARY_PERMISSIONS & ~SEND_MESSAGES


async def posted(world: World, channel: Channel, count: int) -> Message:
    """Wait for the bot's message with this number in a channel, counted from 1."""
    messages = await asyncio.wait_for(world.discord.posted(channel, count), PATIENCE)
    return messages[count - 1]


async def recorded(world: World) -> Channel:
    """Run a bot with a log channel, and return that."""
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    return log


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
    log = await recorded(world)
    world.cad.faults.add(
        Fault(on="note", status=404, body="NO SUCH CALL", content_type="text/plain")
    )
    await world.say(call="999")
    assert "call #999 · refused" in (await posted(world, log, 2)).content


async def test_a_note_too_long_for_one_message_is_recorded_shortened(world: World) -> None:
    log = await recorded(world)
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
        DiscordFault("channel_message", 403, None, applied=False, body={"code": 50013})
    )
    message = await configure(world, "log-channel", {"channel": log})
    assert "Nothing changed" in message.content
    assert "not recorded" in (await configure(world, "log-channel")).content


async def test_an_answer_that_discord_py_cannot_read_is_no_trial(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    world.discord.faults.add(DiscordFault("channel_message", 200, body={}))
    message = await configure(world, "log-channel", {"channel": log})
    assert message.content.startswith("Nothing changed")
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
    assert "not recorded" in (await configure(world, "log-channel")).content


async def test_a_channel_that_becomes_unwritable_is_told_in_status_and_notes_go_on(
    world: World,
) -> None:
    log = await recorded(world)
    log.set_app_permissions(READ_ONLY)
    assert (await world.say()).content == "NOTE 'some note here' added to call #123"
    shown = await status(world)
    assert "Log channel #log: Callnote lacks Send Messages there" in shown


async def test_a_deleted_channel_is_told_in_status_and_notes_go_on(world: World) -> None:
    log = await recorded(world)
    world.guild.delete_channel(log)
    assert (await world.say()).content == "NOTE 'some note here' added to call #123"
    text = (await configure(world, "status")).content
    assert "❌ Log channel: the channel is gone. Notes still work; choose another" in text
    shown = (await configure(world, "log-channel")).content
    assert "was deleted: choose another" in shown


async def test_until_discord_has_sent_the_channels_none_is_called_deleted_or_hidden(
    world: World,
) -> None:
    log = world.guild.add_channel("log")
    world.connect(world.guild)
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    picker = await configure(world, "log-channel")
    world.guild.available = False
    await world.restart()
    said = {
        (await configure(world, "log-channel")).content,
        (await configure(world, "log-channel", {"channel": log})).content,
        await choose(world, picker, "log-channel", [log]),
    }
    world.discord.restore_guild(world.guild)
    assert said == {
        "Discord has not sent this server's roles and channels yet: try again in a moment."
    }


async def test_an_entry_that_was_lost_is_posted_while_other_notes_keep_coming(
    world: World,
) -> None:
    log = await recorded(world)
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
    log = await recorded(world)
    refused = DiscordFault("channel_message", 403, applied=False, body={"code": 50013})
    world.discord.faults.add(refused)
    await world.say("one")
    await asyncio.wait_for(world.discord.requested("channel_message", 2), PATIENCE)
    assert "did not let Callnote" in (await configure(world, "log-channel")).content
    text = (await configure(world, "status")).content
    assert "at the last note, Discord did not let Callnote write there" in text
    await world.say("two")
    assert "'two'" in (await posted(world, log, 2)).content
    assert "did not let Callnote write" not in (await configure(world, "status")).content


async def test_a_note_whose_text_discord_refuses_is_recorded_without_it(world: World) -> None:
    log = await recorded(world)
    world.discord.world.messages.filters.append(
        lambda draft: ApiError(403, 50269, "Blocked") if "'one'" in (draft.content or "") else None
    )
    answer = await told(world, await world.use("one"), "Added to call #123")
    entry = await posted(world, log, 2)
    head, text = entry.content.split("\n")
    link = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{answer.id}"
    assert head == f"<@{world.dispatcher.id}> · call #123 · added · {link}"
    assert text == "Discord does not show this note's text."
    await world.say("two")
    assert "'two'" in (await posted(world, log, 3)).content
    assert "✅ Log channel: #log" in (await configure(world, "status")).content


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_entry_is_not_lost_to_a_web_page_in_place_of_discords_answer(
    world: World, status: int
) -> None:
    log = await recorded(world)
    page = DiscordFault("channel_message", status, applied=False, body="<html></html>")
    world.discord.faults.add(page)
    await world.say()
    assert "added" in (await posted(world, log, 2)).content


async def test_an_entry_that_discord_took_without_saying_so_is_posted_once(world: World) -> None:
    log = await recorded(world)
    world.discord.faults.add(DiscordFault("channel_message", 503, times=3, applied=True))
    await world.say()
    await posted(world, log, 2)
    await world.settled()
    assert len(await posted_all(world, log)) == 2


async def test_an_entry_whose_answer_discord_py_cannot_read_is_posted_once(world: World) -> None:
    log = await recorded(world)
    world.discord.faults.add(DiscordFault("channel_message", 200, applied=True, body={}))
    await world.say()
    await posted(world, log, 2)
    await world.settled()
    asked = [each for each in world.discord.requests if each.route == "channel_message"]
    assert len(asked) == 2


async def test_a_refusal_that_discord_py_cannot_read_loses_no_entry(world: World) -> None:
    log = await recorded(world)
    headers = {"Via": "1.1 google"}
    world.discord.faults.add(
        DiscordFault("channel_message", 429, applied=False, body={"message": "x"}, headers=headers)
    )
    await world.say()
    assert "added" in (await posted(world, log, 2)).content


async def test_an_entry_links_to_the_message_that_replaced_a_deleted_one(world: World) -> None:
    log = await recorded(world)
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="note", applied=True, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    held.set()
    entry = await posted(world, log, 2)
    answer = await posted(world, world.channel, 1)
    assert entry.content.split("\n")[0].endswith(f"/{world.channel.id}/{answer.id}")


async def posted_all(world: World, channel: Channel) -> list[Message]:
    return await asyncio.wait_for(world.discord.posted(channel), PATIENCE)


async def test_an_entry_waits_out_a_delay_that_discord_asks_for(world: World) -> None:
    world.let(drain=600.0)  # none of which a stop waits for
    log = await recorded(world)
    headers = {"Retry-After": "3600", "Content-Type": "text/plain"}
    banned = DiscordFault("channel_message", 429, applied=False, body="1015", headers=headers)
    world.discord.faults.add(banned)
    await world.say("one")
    await asyncio.wait_for(world.discord.requested("channel_message", 2), PATIENCE)
    await world.say("two")
    await world.finish()
    assert len(await posted_all(world, log)) == 1
    asked = [each for each in world.discord.requests if each.route == "channel_message"]
    assert [each.status for each in asked] == [200, 429]
