"""Roles, channels and guilds that change, seen through the real discord.py client."""

import discord
import pytest
from discord.ext import commands

from bot.sandbox.discord import Channel
from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, Recorder, World, heard, running, say_hello

world = discord_client.world

VIEW_CHANNEL, SEND_MESSAGES, MENTION_EVERYONE = 1 << 10, 1 << 11, 1 << 17
ADMINISTRATOR = 1 << 3
TEXT, VOICE, ANNOUNCEMENTS = 0, 2, 5


def guild_of(bot: commands.AutoShardedBot, world: World) -> discord.Guild:
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    return guild


def text_channel(bot: commands.AutoShardedBot, channel: Channel) -> discord.TextChannel:
    found = bot.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


async def test_a_role_of_a_bot_is_managed(world: World) -> None:
    before = world.guild.add_role("Music", managed=True)
    bot = await world.connect(say_hello)
    after = await heard(
        bot, "guild_role_create", lambda: world.guild.add_role("Polls", managed=True)
    )
    known = guild_of(bot, world).get_role(before.id)
    ordinary = guild_of(bot, world).get_role(world.role.id)
    assert known is not None
    assert known.is_bot_managed()
    assert after.managed
    assert ordinary is not None
    assert not ordinary.managed


async def test_a_deleted_role_is_gone_from_the_guild_and_its_members(world: World) -> None:
    bot = await world.connect(say_hello)
    await heard(bot, "guild_role_delete", lambda: world.guild.delete_role(world.role))
    assert guild_of(bot, world).get_role(world.role.id) is None
    assert world.dana.roles == []
    assert world.dana.payload()["roles"] == []


async def test_the_role_everyone_cannot_be_deleted(world: World) -> None:
    with pytest.raises(ValueError, match="everyone"):
        world.guild.delete_role(world.guild.everyone)


async def test_a_renamed_role_is_announced(world: World) -> None:
    bot = await world.connect(say_hello)
    before, after = await heard(
        bot, "guild_role_update", lambda: world.guild.rename_role(world.role, "Operator")
    )
    assert (before.name, after.name) == ("Dispatcher", "Operator")


@pytest.mark.parametrize("bits", [0, VIEW_CHANNEL, VIEW_CHANNEL | SEND_MESSAGES])
async def test_a_client_computes_the_permissions_that_the_bot_has(world: World, bits: int) -> None:
    quiet = world.guild.add_channel("quiet", bits)
    bot = await world.connect(say_hello)
    me = guild_of(bot, world).me
    assert text_channel(bot, quiet).permissions_for(me).value == bits
    usual = text_channel(bot, world.channel).permissions_for(me)
    assert usual.value == world.channel.app_permissions


async def test_a_client_hears_of_changed_permissions(world: World) -> None:
    bot = await world.connect(say_hello)
    bits = VIEW_CHANNEL | SEND_MESSAGES | MENTION_EVERYONE
    _, after = await heard(
        bot, "guild_channel_update", lambda: world.channel.set_app_permissions(bits)
    )
    assert after.permissions_for(after.guild.me).value == bits
    _, after = await heard(
        bot, "guild_channel_update", lambda: world.channel.set_app_permissions(VIEW_CHANNEL)
    )
    assert after.permissions_for(after.guild.me).value == VIEW_CHANNEL
    with pytest.raises(discord.Forbidden) as caught:
        await after.send("Hello")
    assert caught.value.code == 50013


async def test_a_bot_that_is_administrator_may_do_everything(world: World) -> None:
    async def respond(interaction: Interaction) -> discord.Permissions:
        await interaction.response.send_message("Hello")
        return interaction.app_permissions

    recorder = Recorder(respond)
    await world.connect(recorder)
    world.channel.set_app_permissions(ADMINISTRATOR)
    await world.note()
    assert await recorder.outcomes.get() == discord.Permissions.all()


async def test_a_direct_message_has_no_permissions_to_change(world: World) -> None:
    direct = world.server.world.direct_channel(world.dana.user)
    with pytest.raises(ValueError, match="direct message"):
        direct.set_app_permissions(0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TEXT, discord.ChannelType.text),
        (VOICE, discord.ChannelType.voice),
        (ANNOUNCEMENTS, discord.ChannelType.news),
    ],
)
async def test_messages_can_be_sent_to_channels_of_every_type(
    world: World, kind: int, expected: discord.ChannelType
) -> None:
    channel = world.guild.add_channel("other", type=kind)
    bot = await world.connect(say_hello)
    found = bot.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel | discord.VoiceChannel)
    assert found.type is expected
    await found.send("Hello")
    assert [message.content for message in await world.server.posted(channel)] == ["Hello"]


async def test_a_deleted_channel_is_unknown(world: World) -> None:
    bot = await world.connect(say_hello)
    channel = text_channel(bot, world.channel)
    message = await channel.send("Hello")
    await heard(bot, "guild_channel_delete", lambda: world.guild.delete_channel(world.channel))
    assert bot.get_channel(world.channel.id) is None
    for attempt in (channel.send("Again"), message.edit(content="Again")):
        with pytest.raises(discord.NotFound) as caught:
            await attempt
        assert caught.value.code == 10003


async def test_a_deleted_channel_takes_the_answers_in_it_along(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True)
        world.guild.delete_channel(world.channel)
        with pytest.raises(discord.NotFound) as caught:
            await interaction.edit_original_response(content="Late")
        assert caught.value.code == 10008
        await interaction.followup.send("Late")

    recorder = Recorder(respond)
    await world.connect(recorder)
    interaction = await world.note()
    assert await recorder.outcomes.get() == (404, 10003)
    assert [message.edits for message in interaction.messages] == [[""]]


async def test_a_removed_bot_loses_the_guild_and_its_channels(world: World) -> None:
    bot = await world.connect(say_hello)
    channel = text_channel(bot, world.channel)
    guild = await heard(bot, "guild_remove", lambda: world.server.remove_guild(world.guild))
    assert guild.id == world.guild.id
    assert bot.get_guild(world.guild.id) is None
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("Hello")
    assert caught.value.code == 50001
    with pytest.raises(discord.NotFound) as unknown:
        await bot.fetch_guild(world.guild.id)
    assert unknown.value.code == 10004


async def test_without_the_guilds_intent_nothing_of_it_is_heard(world: World) -> None:
    async with running(commands.AutoShardedBot("!", intents=discord.Intents.none())):
        await world.server.connected()
        session = world.server.connections[0].session
        assert session is not None
        world.guild.rename_role(world.role, "Operator")
        world.guild.delete_role(world.role)
        world.channel.set_app_permissions(0)
        world.guild.delete_channel(world.channel)
        world.server.remove_guild(world.guild)
        assert session.sequence == 1  # READY and nothing after it
