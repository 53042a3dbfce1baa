"""An administrator connects a server to a CAD of its own, with one form."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import Fault as CadFault
from tests import kept_guilds
from tests.administrator import configure
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CONNECTED,
    CREDENTIALS_KEY,
    FORM,
    KEY,
    add_community,
    another_guild,
    enter,
    let_enter,
    rows,
    shown_form,
    started,
    submit,
)
from tests.communities.strangers import NOT_CONNECTED, STATUS, Strangers, changes
from tests.loop_clock import tick
from tests.note_messages import labels, privately
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers


async def test_without_a_credentials_key_the_bot_serves_its_hosts_community_only(
    world: World, strangers: Strangers
) -> None:
    world.config = replace(world.config, credentials_keys=())
    await world.start()
    said = (await strangers.use("callnote-config connect")).content
    assert "This bot serves its host's community only." in said
    forged = await world.discord.forge_form(
        strangers.stranger, strangers.channel, FORM, {"api-key": KEY}
    )
    said = await privately(world, forged)
    assert said == "Nothing was stored: this bot serves its host's community only."
    assert world.cad.requests == []


@pytest.mark.parametrize("version", [1, 2])
async def test_an_administrator_connects_a_server_to_its_own_cad_with_one_form(
    world: World, strangers: Strangers, version: int
) -> None:
    if version == 1:
        world.cad.versions = {1}
        world.config = replace(world.config, api_version=None)
    add_community(world).add_server(2, "Night shift")
    let_enter(world)
    await world.registered()
    interaction = await world.discord.use_command(
        strangers.stranger, strangers.channel, "callnote-config connect", strict=True
    )
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    said = await submit(
        world, strangers.stranger, interaction, community_id="Paleto" if version == 1 else ""
    )
    assert said == CONNECTED
    await strangers.let_in()
    content = (await strangers.use(STATUS)).content
    assert "The CAD accepts the API key, for the community Paleto." in content
    assert "This server is connected, with an API key from /callnote-config connect." in content
    assert "CAD server, chosen here: 1 Paleto Main." in content
    assert "Rockford" not in content
    assert "Night shift" in (await strangers.use("callnote-config server", {"number": 2})).content
    assert {request.community for request in world.cad.requests} <= {"Paleto", None}
    own, *others = changes(world)
    assert own == (strangers.guild.id, strangers.stranger.id, "connected to the CAD of Paleto")
    assert KEY not in str(others)
    assert [(guild_id, community) for guild_id, community, _ in rows(world)] == [
        (strangers.guild.id, "paleto")
    ]


async def test_a_renewed_key_is_entered_the_same_way_and_disconnect_deletes_it(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    community.api_key = "paleto-key-renewed"
    said = await enter(world, strangers.stranger, strangers.channel, community.api_key)
    assert said == "The API key for the CAD of Paleto is stored."
    assert "The CAD accepts the API key" in (await strangers.use(STATUS)).content
    said = (await strangers.use("callnote-config disconnect")).content
    assert said == "Disconnected. Nobody can add notes here, and waiting notes are withdrawn."
    assert rows(world) == []
    assert (await strangers.use(STATUS)).content == NOT_CONNECTED
    assert (await strangers.use("callnote-config disconnect")).content == NOT_CONNECTED
    assert [what for _, _, what in changes(world)] == [
        "connected to the CAD of Paleto",
        "new API key for the CAD of Paleto",
        "disconnected from the CAD",
    ]


async def test_only_an_administrator_can_submit_the_form_whoever_forges_it(
    world: World, strangers: Strangers
) -> None:
    add_community(world)
    let_enter(world)
    passer_by = strangers.guild.add_member("pat")
    await world.start()

    async def forged(by: object, *, direct: bool = False) -> str:
        assert by in (passer_by, strangers.stranger)
        submitted = await world.discord.forge_form(
            passer_by if by is passer_by else strangers.stranger,
            None if direct else strangers.channel,
            FORM,
            {"api-key": KEY},
        )
        return await privately(world, submitted)

    assert "you need Manage Server" in await forged(passer_by)
    assert "not in direct messages" in await forged(strangers.stranger, direct=True)
    said = await strangers.use("callnote-config connect", by=passer_by)
    assert "you need Manage Server" in said.content
    shown = await shown_form(world, strangers.stranger, strangers.channel)
    strangers.stranger.permissions = ORDINARY_PERMISSIONS  # since then
    assert "you need Manage Server" in await submit(world, strangers.stranger, shown)
    assert world.cad.requests == []
    assert rows(world) == []


async def test_a_form_of_an_earlier_process_works_and_an_empty_one_is_refused(
    world: World, strangers: Strangers
) -> None:
    await started(world)
    shown = await shown_form(world, strangers.stranger, strangers.channel)
    await world.restart()
    empty = await world.discord.forge_form(strangers.stranger, strangers.channel, FORM)
    message = await asyncio.wait_for(empty.answered(), PATIENCE)
    assert "is one word without spaces" in message.content
    assert await submit(world, strangers.stranger, shown) == CONNECTED


async def test_several_servers_of_a_community_share_the_key_that_was_entered_last(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    _, channel, admin = another_guild(world)
    await enter(world, strangers.stranger, strangers.channel)
    await enter(world, admin, channel)
    assert "connected" in (await strangers.use(STATUS)).content
    community.api_key = "paleto-key-renewed"
    await enter(world, admin, channel, community.api_key)
    said = (await strangers.use(STATUS)).content
    assert said.startswith("Another server has entered a newer API key for your CAD")
    await enter(world, strangers.stranger, strangers.channel, community.api_key)
    assert "accepts the API key" in (await strangers.use(STATUS)).content


async def test_a_cad_that_refuses_the_key_later_is_told_to_its_own_server_alone(
    world: World, strangers: Strangers
) -> None:
    community = add_community(world)
    let_enter(world)
    await world.registered()
    await enter(world, strangers.stranger, strangers.channel)
    community.api_key = "paleto-key-renewed"
    content = (await strangers.use(STATUS)).content
    assert "enter the present key with /callnote-config connect" in content
    await strangers.let_in()
    await strangers.waiting_note()
    refused = await privately(world, await strangers.add("once more"))
    assert "an administrator to enter the present API key with /callnote-config connect" in refused
    ours = (await configure(world, "status")).content
    assert "for the community Rockford" in ours
    assert "❌" not in ours


@pytest.mark.parametrize("command", ["call", "calls", "callnote-config server", STATUS])
async def test_who_disconnects_a_server_while_a_command_is_acknowledged_sees_nothing_of_the_host(
    world: World, strangers: Strangers, command: str
) -> None:
    world.cad.add_server(2, "Night shift")
    await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("callback", hold=held))
    options = {"call": "123"} if command == "call" else {}
    asked = await world.discord.use_command(strangers.stranger, strangers.channel, command, options)
    await asyncio.wait_for(asked.acknowledged(), PATIENCE)
    await strangers.use("callnote-config disconnect")
    held.set()
    message = await asyncio.wait_for(asked.answered(), PATIENCE)
    assert (message.content, message.components) == (NOT_CONNECTED, [])


async def test_who_disconnects_a_server_while_a_note_is_taken_asks_the_host_s_cad_nothing(
    world: World, strangers: Strangers
) -> None:
    world.let(await_calls=PATIENCE, ask_cad=PATIENCE, await_unit_number=PATIENCE)
    community = await started(world)
    community.add_server(2, "Night shift")
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    world.cad.requests.clear()
    held = asyncio.Event()
    community.faults.add(CadFault(on="servers", applied=True, hold=held))
    options = {"call": "123", "note": "theirs", "server": "Night shift"}
    sent = await world.discord.use_command(
        strangers.stranger, strangers.channel, "callnote", options
    )
    async with asyncio.timeout(PATIENCE):
        while not world.cad.requests:
            await tick()
    await strangers.use("callnote-config disconnect")
    held.set()
    assert await privately(world, sent) == NOT_CONNECTED
    assert {request.community for request in world.cad.requests} == {"Paleto"}


async def test_a_cad_server_that_is_chosen_while_the_cad_changes_is_one_of_the_new_cad(
    world: World, strangers: Strangers
) -> None:
    world.cad.add_server(2, "Night shift")
    await started(world)
    await strangers.press_connect(strangers.owner)
    held = asyncio.Event()
    world.cad.faults.add(CadFault(on="servers", applied=True, hold=held))
    chosen = await world.discord.use_command(
        strangers.stranger, strangers.channel, "callnote-config server", {"number": 2}
    )
    async with asyncio.timeout(PATIENCE):
        while all(request.kind != "servers" for request in world.cad.requests):
            await tick()
    await enter(world, strangers.stranger, strangers.channel)
    held.set()
    message = await asyncio.wait_for(chosen.answered(), PATIENCE)
    assert "1 Paleto Main" in message.content
    assert "CAD server, chosen here: 1 Paleto Main." in (await strangers.use(STATUS)).content


async def test_a_note_that_is_shown_once_its_server_was_disconnected_tells_of_no_live_call(
    world: World, strangers: Strangers
) -> None:
    await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    edited = len([each for each in world.discord.requests if each.route == "edit_original"])
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("edit_original", abort=True, applied=False, hold=held))
    sent = await strangers.add("theirs", "122")
    await asyncio.wait_for(world.discord.arrived("edit_original", edited + 1), PATIENCE)
    await strangers.use("callnote-config disconnect")
    held.set()
    message = await world.final(sent)
    assert labels(message) == []
    assert "Did you mean" not in message.content


@pytest.mark.parametrize("command", ["connect", "disconnect"])
async def test_a_health_check_is_of_the_cad_that_its_server_has_in_the_end(
    world: World, strangers: Strangers, command: str
) -> None:
    world.let(ask_cad=PATIENCE)
    await started(world)
    await strangers.press_connect(strangers.owner)
    held = asyncio.Event()
    world.cad.faults.add(CadFault(on="version", applied=True, hold=held))
    asked = await world.discord.use_command(strangers.stranger, strangers.channel, STATUS)
    async with asyncio.timeout(PATIENCE):
        while all(request.kind != "version" for request in world.cad.requests):
            await tick()
    if command == "connect":
        await enter(world, strangers.stranger, strangers.channel)
    else:
        await strangers.use("callnote-config disconnect")
    held.set()
    content = (await asyncio.wait_for(asked.answered(), PATIENCE)).content
    assert "Rockford" not in content
    assert ("for the community Paleto" in content) is (command == "connect")
