"""The gateway of the simulator of Discord, seen through the real discord.py client."""

import discord
import pytest

from tests.sandbox import discord_client
from tests.sandbox.discord_client import TOKEN, Recorder, World, say_hello

world = discord_client.world


async def test_login_and_ready(world: World) -> None:
    bot = await world.connect(say_hello)
    assert bot.user is not None
    assert bot.user.id == world.server.application_id == bot.application_id
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    assert guild.name == "Rockford County"
    assert guild.get_role(world.role.id) is not None
    assert guild.get_channel(world.channel.id) is not None
    await bot.close()
    await world.server.disconnected()
    assert world.server.close_codes


async def test_a_wrong_token_is_refused(world: World) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_privileged_intents_have_to_be_switched_on(world: World) -> None:
    async with discord.Client(intents=discord.Intents(members=True)) as client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.start(TOKEN)


async def test_two_clients_get_an_interaction_and_one_wins(world: World) -> None:
    recorder = Recorder(say_hello)
    await world.connect(recorder)
    await world.connect(recorder)
    interaction = await world.note()
    outcomes = [await recorder.outcomes.get(), await recorder.outcomes.get()]
    assert sorted(outcomes, key=str) == [(400, 40060), None]
    assert [message.content for message in interaction.messages] == ["Hello"]


async def test_a_resumed_session_gets_what_it_missed(world: World) -> None:
    await world.connect(say_hello)
    await world.server.drop()
    interaction = await world.note()
    assert (await interaction.answered()).content == "Hello"
    assert len(world.server.resumes) == 1
    assert len(world.server.identifies) == 1


async def test_the_client_reconnects_when_asked(world: World) -> None:
    await world.connect(say_hello)
    await world.server.ask_to_reconnect()
    interaction = await world.note()
    assert (await interaction.answered()).content == "Hello"
    assert world.server.close_codes == [4000]


async def test_members_can_be_asked_for(world: World) -> None:
    bot = await world.connect(say_hello)
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    assert (await guild.fetch_member(world.dana.id)).nick == "D-2"
    with pytest.raises(discord.NotFound) as caught:
        await guild.fetch_member(1)
    assert caught.value.code == 10013
