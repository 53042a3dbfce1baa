"""The notes of a server with a CAD of its own arrive there, and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Message
from bot.sandbox.forms import form_fields
from bot.sandbox.sonoran import Fault
from bot.sandbox.sonoran.community import Community
from tests import kept_guilds
from tests.cogs.kept_cards import AGAIN, later
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CREDENTIALS_KEY,
    add_community,
    another_guild,
    enter,
    let_enter,
    started,
)
from tests.communities.strangers import DOWN, WITHDRAWN, Strangers
from tests.loop_clock import idle, let_pass, tick
from tests.note_messages import ADDED, QUEUED, labels, press, privately, public, shows, told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers

CALL = {"call": "123"}


async def connected_to_host(world: World, strangers: Strangers) -> Community:
    """Connect the strangers' server to the host's CAD; returns the community of their own."""
    community = await started(world)
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    return community


async def posted(world: World, *before: Message) -> Message:
    """Wait for one more public message, and return it."""
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: len(public(world)) > len(before))
    (message,) = [each for each in public(world) if each not in before]
    return message


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


async def test_what_is_below_one_cads_cards_leads_to_no_call_of_another_cad(
    world: World, strangers: Strangers
) -> None:
    await started(world)
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    listed = await strangers.use("calls")
    card = await strangers.use("call", {"call": "123"})
    content, (select,) = card.content, listed.selects
    await enter(world, strangers.stranger, strangers.channel)
    for label in labels(card):
        pressed = await press(world, strangers.stranger, card, label)
        await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
        assert pressed.modal is None
        assert "out of date" in await privately(world, pressed)
    chosen = await world.discord.choose(
        strangers.stranger, listed, str(select["custom_id"]), ["123"]
    )
    assert "out of date" in await privately(world, chosen)
    assert card.content == content
    assert public(world) == []


@pytest.mark.parametrize(
    ("what", "waits_for"),
    [
        ("123", "Discord"),
        ("Refresh", "Discord"),
        ("Keep in channel", "Discord"),
        ("Keep in channel", "list"),
    ],
)
async def test_what_is_pressed_while_its_server_is_connected_elsewhere_leads_to_no_other_call(
    world: World, strangers: Strangers, what: str, waits_for: str
) -> None:
    world.let(await_calls=PATIENCE)
    await connected_to_host(world, strangers)
    by_choice = what == "123"
    shown = await strangers.use("calls" if by_choice else "call", {} if by_choice else CALL)
    before, held = shown.content, asyncio.Event()
    if waits_for == "list":
        await let_pass(300.0)
        world.cad.requests.clear()
        world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    else:
        world.discord.faults.add(DiscordFault("callback", hold=held))
    if by_choice:
        (select,) = shown.selects
        used = await world.discord.choose(
            strangers.stranger, shown, str(select["custom_id"]), [what]
        )
    else:
        used = await press(world, strangers.stranger, shown, what)
    await asyncio.wait_for(used.acknowledged(), PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while waits_for == "list" and not world.cad.requests:
            await tick()
    await enter(world, strangers.stranger, strangers.channel)
    held.set()
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: shown.content != before)
    assert "out of date" in shown.content
    assert public(world) == []


async def test_a_card_of_a_server_whose_key_was_replaced_learns_nothing_new(
    world: World, strangers: Strangers
) -> None:
    community = await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await strangers.let_in()
    await press(
        world,
        strangers.stranger,
        await strangers.use("call", {"call": "123"}),
        "Keep in channel",
    )
    theirs = await posted(world)
    community.api_key = "renewed-key-01234"
    guild, channel, admin = another_guild(world)
    others = replace(strangers, guild=guild, channel=channel, stranger=admin)
    admin.roles.append(guild.add_role("Dispatcher"))
    await enter(world, admin, channel, key=community.api_key)
    await others.let_in()
    await press(world, admin, await others.use("call", {"call": "123"}), "Keep in channel")
    ours = await posted(world, theirs)
    before = theirs.content
    community.add_note(123, "for our eyes alone")
    await let_pass(AGAIN)
    await shows(world, ours, "for our eyes alone")
    await later(AGAIN)
    assert theirs.content == before
    await later(120)
    await shows(world, theirs, "-# Nothing new from Sonoran CAD since <t:")
    assert theirs.content.startswith(before)


async def test_what_is_shown_while_its_server_is_connected_elsewhere_is_of_its_first_cad(
    world: World, strangers: Strangers
) -> None:
    community = await connected_to_host(world, strangers)
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    shown = await world.discord.use_command(
        strangers.stranger, strangers.channel, "call", {"call": "123"}
    )
    asked = await world.discord.use_command(strangers.stranger, strangers.channel, "callnote-form")
    async with asyncio.timeout(PATIENCE):
        while not any(request.kind == "calls" for request in world.cad.requests):
            await tick()
    await enter(world, strangers.stranger, strangers.channel)
    held.set()
    card = await asyncio.wait_for(shown.answered(), PATIENCE)
    assert "Traffic stop" in card.content
    pressed = await press(world, strangers.stranger, card, "Add note")
    assert "out of date" in await privately(world, pressed)
    await asyncio.wait_for(asked.acknowledged(), PATIENCE)
    ids = {name: str(field["custom_id"]) for name, field in form_fields(asked).items()}
    values = {ids["call"]: ["123"], ids["note"]: "theirs"}
    submitted = await world.discord.submit_modal(strangers.stranger, asked, values)
    message = await asyncio.wait_for(submitted.answered(), PATIENCE)
    assert "for the CAD that this server was connected to before" in message.content
    assert community.notes(123) == []


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
