"""Who may connect a server to the CAD of the bot's host."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Fault, User
from bot.sandbox.discord.permissions import ADMINISTRATOR
from tests import kept_guilds
from tests.communities import strangers as scene
from tests.communities.strangers import NOT_CONNECTED, Strangers, changes, told_nothing
from tests.note_messages import ADDED, forge, privately, shows
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world
strangers = scene.strangers


async def test_the_owner_connects_a_server_with_one_command_and_one_press(
    world: World, strangers: Strangers
) -> None:
    await world.registered()
    interaction = await world.discord.use_command(
        strangers.owner, strangers.channel, "callnote-config connect", strict=True
    )
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content.startswith("Connect Paleto Bay to your community's Sonoran CAD?")
    assert "API key" not in message.content
    await world.discord.press_button(strangers.owner, message, "callnote-config:connect")
    await shows(world, message, "Connected. Next, choose who may add notes: /callnote-config roles")
    await strangers.let_in()
    await world.final(await strangers.add("hello"))
    assert world.stored() == ["hello"]


async def test_everybody_else_is_told_whom_to_ask_and_the_servers_id(
    world: World, strangers: Strangers
) -> None:
    passer_by = strangers.guild.add_member("pat")
    await world.start()
    for somebody in (strangers.stranger, passer_by):
        message = await strangers.use("callnote-config connect", by=somebody)
        assert message.content.startswith("Only the bot's host can connect this server.")
        assert message.content.endswith(str(strangers.guild.id))
        assert not message.buttons
        assert "Only the bot's host" in await strangers.press_connect(somebody)
    assert changes(world) == []
    assert await privately(world, await strangers.add()) == NOT_CONNECTED
    assert told_nothing(world)


async def test_a_forged_press_of_connect_cannot_change_a_public_message(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    message = await world.say()
    await world.discord.press_button(
        world.civilian, message, "callnote-config:connect", forged=True
    )
    forged = await forge(world, strangers.stranger, "callnote-config:connect", strangers.channel)
    assert await privately(world, forged) == NOT_CONNECTED
    assert message.content == ADDED


async def test_a_member_of_the_team_that_owns_the_application_may_connect(
    world: World, strangers: Strangers
) -> None:
    colleague, invited = User(1001, "robin"), User(1002, "kim")
    world.discord.form_team([colleague], invited=[invited])
    await world.start()
    no = strangers.guild.add_member(invited, permissions=ADMINISTRATOR)
    assert "Only the bot's host" in await strangers.press_connect(no)
    yes = strangers.guild.add_member(colleague)
    assert "Connected. Next" in await strangers.press_connect(yes)


async def test_the_head_of_the_team_may_connect(world: World, strangers: Strangers) -> None:
    world.discord.form_team([])
    await world.start()
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)


async def test_nobody_connects_while_discord_does_not_say_who_owns_the_bot(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    world.discord.faults.add(Fault(route="application", status=400, times=None, applied=False))
    message = await strangers.use("callnote-config connect", by=strangers.owner)
    assert "Discord did not say who owns this bot" in message.content
    world.discord.faults.clear()
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)


async def test_who_owns_the_bot_is_remembered_for_a_while(
    world: World, strangers: Strangers
) -> None:
    await world.start()

    def asked() -> int:
        return sum(request.route == "application" for request in world.discord.requests)

    before = asked()
    for _ in range(3):
        await strangers.use("callnote-config connect")
    assert asked() == before + 1
