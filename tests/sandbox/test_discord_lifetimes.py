"""How long answers can be changed and what one can wait for, seen through discord.py."""

import asyncio

import discord
import pytest

from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, Recorder, World, say_hello

world = discord_client.world


async def test_the_bot_can_edit_its_answer_through_the_channel_when_the_token_is_dead(
    world: World,
) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Ready")
        world.clock.seconds += 15 * 60 + 1
        for attempt in (
            interaction.edit_original_response(content="By the token"),
            interaction.original_response(),
            interaction.followup.send("By the token"),
        ):
            with pytest.raises(discord.HTTPException) as caught:
                await attempt
            assert (caught.value.status, caught.value.code) == (401, 50027)
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.get_partial_message(world.server.messages[0].id).edit(content="By the bot")

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    assert await recorder.outcomes.get() is None
    [message] = world.server.messages
    assert message.edits == ["Ready", "By the bot"]


async def test_an_ephemeral_answer_cannot_be_edited_through_the_channel(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Ready", ephemeral=True)
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.get_partial_message(world.server.messages[0].id).edit(content="By the bot")

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    assert await recorder.outcomes.get() == (404, 10008)


async def test_waiting_for_an_edit_ends_with_the_edit(world: World) -> None:
    bot = await world.connect(say_hello)
    channel = bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    sent = await channel.send("Waiting for the CAD")
    [message] = await world.server.posted(world.channel)
    assert await world.server.shows(message, "Waiting") is message
    waiting = asyncio.create_task(world.server.edited(message, "CAD"))
    await asyncio.sleep(0)
    assert not waiting.done()  # the text was there before any edit
    await sent.edit(content="The CAD answered")
    assert (await waiting).edits == ["Waiting for the CAD", "The CAD answered"]


async def test_only_the_bots_ordinary_messages_count_as_posted(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("An answer")
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.send("First")
        await channel.send("Second")

    other = world.guild.add_channel("other")
    world.server.post(world.dana, world.channel, "Hello")
    await world.connect(respond)
    await world.note()
    posted = await world.server.posted(world.channel, 2)
    assert [message.content for message in posted] == ["First", "Second"]
    assert await world.server.posted(other, 0) == []
