"""The cards and lists of calls in a server with a CAD of its own lead to that CAD alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Message
from bot.sandbox.forms import form_fields
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.cogs.kept_cards import AGAIN, later
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CREDENTIALS_KEY,
    another_guild,
    connected_to_host,
    enter,
    started,
)
from tests.communities.strangers import Strangers
from tests.loop_clock import let_pass, tick
from tests.note_messages import labels, press, privately, public, shows
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers

CALL = {"call": "123"}


async def posted(world: World, *before: Message) -> Message:
    """Wait for one more public message, and return it."""
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: len(public(world)) > len(before))
    (message,) = [each for each in public(world) if each not in before]
    return message


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
