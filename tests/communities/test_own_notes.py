"""The notes of a server with a CAD of its own arrive there, and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.forms import form_fields
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CREDENTIALS_KEY,
    add_community,
    connected_to_host,
    enter,
    let_enter,
    started,
)
from tests.communities.strangers import DOWN, WITHDRAWN, Strangers
from tests.loop_clock import idle, tick
from tests.note_messages import ADDED, QUEUED, labels, press, privately, shows, told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers


@pytest.mark.parametrize("version", [1, 2])
async def test_each_servers_notes_arrive_in_its_own_cad_and_only_there(
    world: World, strangers: Strangers, version: int
) -> None:
    if version == 1:
        world.cad.versions = {1}
        world.config = replace(world.config, api_version=None)
    community = await started(world)
    await enter(world, strangers.stranger, strangers.channel, community_id="Paleto")
    await strangers.let_in()
    await world.final(await strangers.add("theirs"))
    await world.say("ours")
    assert [note.content for note in community.notes(123)] == ["theirs"]
    assert world.stored() == ["ours"]
    sent = [request.community for request in world.cad.note_requests]
    assert sent == ["Paleto", "rockford"]


async def test_one_cads_outage_is_not_felt_by_the_other(world: World, strangers: Strangers) -> None:
    community = await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    community.faults.add(DOWN)
    theirs = await told(world, await strangers.add("theirs"), QUEUED)
    await world.say("ours")
    assert world.stored() == ["ours"]
    community.faults.clear()
    await shows(world, theirs, "NOTE 'theirs' added to call #123")


async def test_a_note_that_waits_is_withdrawn_when_its_server_is_connected_elsewhere(
    world: World, strangers: Strangers
) -> None:
    community = add_community(world)
    let_enter(world)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    message = await strangers.waiting_note()
    ours = await told(world, await world.use(), QUEUED)
    await enter(world, strangers.stranger, strangers.channel)
    await shows(world, message, WITHDRAWN)
    world.cad.faults.clear()
    await shows(world, ours, ADDED)
    assert community.notes(123) == []
    assert world.stored() == ["some note here"]


async def test_a_note_that_waits_is_sent_with_the_renewed_key_and_no_other(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    community.api_key = "paleto-key-renewed"
    message = await told(world, await strangers.add("theirs"), QUEUED)
    await enter(world, strangers.stranger, strangers.channel, community.api_key)
    await shows(world, message, "NOTE 'theirs' added to call #123")
    assert [note.content for note in community.notes(123)] == ["theirs"]
    assert world.stored() == []


async def test_a_repeated_note_is_not_added_anyway_to_the_call_of_another_cad(
    world: World, strangers: Strangers
) -> None:
    community = await connected_to_host(world, strangers)
    await world.final(await strangers.add("theirs"))
    question = await asyncio.wait_for((await strangers.add("theirs")).answered(), PATIENCE)
    assert labels(question) == ["Add anyway"]
    await enter(world, strangers.stranger, strangers.channel)
    pressed = await press(world, strangers.stranger, question, "Add anyway")
    assert "for the CAD that this server was connected to before" in await privately(world, pressed)
    assert community.notes(123) == []
    assert world.stored() == ["theirs"]


async def test_a_refused_note_is_not_sent_to_a_call_near_once_its_server_has_another_cad(
    world: World, strangers: Strangers
) -> None:
    community = await connected_to_host(world, strangers)
    message = await world.final(await strangers.add("theirs", "122"))
    content, (near,) = message.content, labels(message)
    await enter(world, strangers.stranger, strangers.channel)
    pressed = await press(world, strangers.stranger, message, near)
    assert "for the CAD that this server was connected to before" in await privately(world, pressed)
    assert message.content == content
    assert community.notes(123) == []
    assert world.stored() == []


@pytest.mark.parametrize("by_form", [False, True])
async def test_a_note_that_is_on_its_way_while_its_server_is_connected_elsewhere_is_refused(
    world: World, strangers: Strangers, *, by_form: bool
) -> None:
    world.let(await_unit_number=PATIENCE)
    community = await connected_to_host(world, strangers)
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="account", applied=True, hold=held))
    if by_form:
        asked = await world.discord.use_command(
            strangers.stranger, strangers.channel, "callnote-form"
        )
        await asyncio.wait_for(asked.acknowledged(), PATIENCE)
        ids = {name: str(field["custom_id"]) for name, field in form_fields(asked).items()}
        values = {ids["number"]: "123", ids["note"]: "theirs"}
        sent = await world.discord.submit_modal(strangers.stranger, asked, values)
    else:
        sent = await strangers.add("theirs")
    async with asyncio.timeout(PATIENCE):
        while not any(request.kind == "account" for request in world.cad.requests):
            await tick()
    await idle()
    await enter(world, strangers.stranger, strangers.channel)
    held.set()
    message = await asyncio.wait_for(sent.answered(), PATIENCE)
    assert "for the CAD that this server was connected to before" in message.content
    assert community.notes(123) == []
    assert world.stored() == []


async def test_a_form_that_was_opened_for_one_cad_adds_nothing_to_another(
    world: World, strangers: Strangers
) -> None:
    community = await connected_to_host(world, strangers)
    world.cad.add_server(2, "Night shift")
    await strangers.use("callnote-config server", {"number": 2})
    asked = await world.discord.use_command(strangers.stranger, strangers.channel, "callnote-form")
    await asyncio.wait_for(asked.acknowledged(), PATIENCE)
    ids = {name: str(field["custom_id"]) for name, field in form_fields(asked).items()}
    values = {ids["number"]: "one", ids["note"]: "theirs"}
    submitted = await world.discord.submit_modal(strangers.stranger, asked, values)
    before = await asyncio.wait_for(submitted.answered(), PATIENCE)
    await enter(world, strangers.stranger, strangers.channel)
    values = {ids["number"]: "123", ids["note"]: "theirs"}
    submitted = await world.discord.submit_modal(strangers.stranger, asked, values)
    message = await asyncio.wait_for(submitted.answered(), PATIENCE)
    assert "for the CAD that this server was connected to before" in message.content
    for refused in (before, message):
        again = await press(world, strangers.stranger, refused, "Try again")
        await asyncio.wait_for(again.acknowledged(), PATIENCE)
        assert again.modal is not None
        assert str(again.modal["custom_id"]).startswith("callnote-form:1:")
    assert community.notes(123) == []
    assert world.stored() == []
