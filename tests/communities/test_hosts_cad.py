"""Servers that go from the host's CAD to one of their own, or the other way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Interaction
from tests import kept_guilds
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CONNECTED,
    CREDENTIALS_KEY,
    add_community,
    another_guild,
    enter,
    let_enter,
    rows,
    started,
    submit,
)
from tests.communities.strangers import NOT_CONNECTED, STATUS, Strangers
from tests.note_messages import labels, shows
from tests.world import API_KEY, PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers


@pytest.mark.parametrize("known_by", ["its setting", "the CAD"])
async def test_the_hosts_community_is_entered_with_the_hosts_key_alone(
    world: World, strangers: Strangers, known_by: str
) -> None:
    let_enter(world)
    if known_by == "the CAD":
        credentials = world.config.credentials
        assert credentials is not None
        world.config = replace(world.config, credentials=replace(credentials, community_id=""))
    await world.start()
    world.cad.add_community("Rockford", "second-key-0123")
    said = await enter(world, strangers.stranger, strangers.channel, "second-key-0123")
    assert "this is the community of the bot's host" in said
    said = await enter(world, strangers.stranger, strangers.channel, API_KEY)
    assert said.startswith("Connected to the CAD of Rockford")
    assert [(guild_id, community) for guild_id, community, _ in rows(world)] == [
        (strangers.guild.id, "")
    ]
    assert "for the community Rockford" in (await strangers.use(STATUS)).content


async def test_the_hosts_settings_connect_to_the_hosts_cad_until_a_key_is_entered(
    world: World, strangers: Strangers
) -> None:
    add_community(world)
    let_enter(world)
    world.connect(strangers.guild)
    await world.start()
    assert "for the community Rockford" in (await strangers.use(STATUS)).content
    await enter(world, strangers.stranger, strangers.channel)
    assert "for the community Paleto" in (await strangers.use(STATUS)).content
    said = (await strangers.use("callnote-config disconnect")).content
    assert "still connected, by the host's setting" in said
    assert "for the community Rockford" in (await strangers.use(STATUS)).content


async def test_the_hosts_key_leaves_the_cad_server_of_a_server_of_the_hosts_as_it_is(
    world: World, strangers: Strangers
) -> None:
    world.cad.add_server(2, "Night shift")
    let_enter(world)
    world.connect(strangers.guild)
    await world.start()
    await strangers.use("callnote-config server", {"number": 2})
    await enter(world, strangers.stranger, strangers.channel, API_KEY)
    assert "chosen here: 2 Night shift" in (await strangers.use(STATUS)).content
    await strangers.use("callnote-config disconnect")
    assert "chosen here: 2 Night shift" in (await strangers.use(STATUS)).content


async def test_a_bot_without_a_community_of_its_host_serves_those_of_its_guilds(
    world: World, strangers: Strangers
) -> None:
    add_community(world)
    let_enter(world)
    world.config = replace(world.config, credentials=None)
    world.connect(strangers.guild)
    await world.start()
    assert (await strangers.use(STATUS)).content == NOT_CONNECTED
    assert await enter(world, strangers.owner, strangers.channel) == CONNECTED
    assert "for the community Paleto" in (await strangers.use(STATUS)).content


async def test_a_button_from_when_the_host_had_a_cad_connects_nothing_and_deletes_no_key(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    question = await strangers.use("callnote-config connect", by=strangers.owner)
    await enter(world, strangers.stranger, strangers.channel)
    _, channel, admin = another_guild(world)
    community.api_key = "paleto-key-renewed"
    await enter(world, admin, channel, community.api_key)
    stored = rows(world)
    await world.finish()
    world.config = replace(world.config, credentials=None)
    await world.restart()
    await world.discord.press_button(strangers.owner, question, "callnote-config:connect")
    await shows(
        world,
        question,
        "Nothing was connected: this bot's host has no CAD any more. An administrator can connect "
        "this server to its own: /callnote-config connect",
    )
    assert rows(world) == stored
    said = (await strangers.use(STATUS)).content
    assert said.startswith("Another server has entered a newer API key for your CAD")


async def test_the_owner_chooses_between_the_hosts_cad_and_another(
    world: World, strangers: Strangers
) -> None:
    await started(world)
    message = await strangers.use("callnote-config connect", by=strangers.owner)
    assert labels(message) == ["Connect", "Connect another CAD"]
    assert await press_other(world, strangers, message.buttons[1].custom_id) == CONNECTED
    message = await strangers.use("callnote-config connect", by=strangers.owner)
    assert message.content.startswith("This server is connected already, with an API key")
    assert labels(message) == ["Connect another CAD"]
    await strangers.use("callnote-config disconnect")
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)
    assert "for the community Rockford" in (await strangers.use(STATUS)).content


async def press_other(world: World, strangers: Strangers, custom_id: str | None) -> str:
    """Let the owner press the button for the form and submit it."""
    assert custom_id is not None
    message = world.discord.messages[-1]
    pressed: Interaction = await world.discord.press_button(strangers.owner, message, custom_id)
    await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
    return await submit(world, strangers.owner, pressed)


async def test_the_owner_connects_a_server_to_the_hosts_cad_whose_own_key_was_replaced(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    guild, channel, admin = another_guild(world)
    await enter(world, strangers.stranger, strangers.channel)
    community.api_key = "paleto-key-renewed"
    await enter(world, admin, channel, community.api_key)
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)
    content = (await strangers.use(STATUS)).content
    assert "for the community Rockford" in content
    assert "CAD server, from the host's setting SONORAN\\_SERVER\\_ID: 1 Rockford Main." in content
    assert [guild_id for guild_id, _, _ in rows(world)] == [guild.id]
