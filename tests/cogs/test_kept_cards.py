"""A card that is kept in a channel follows its call until that is closed or gone."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, delete, insert, update

from bot.calls.followed_card import CARD_SECONDS
from bot.calls.schema import call_cards
from bot.outbox.schema import leases
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Message
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS
from bot.storage import NOW
from tests import database as databases
from tests.database import at_once
from tests.loop_clock import fast, let_pass, tick
from tests.note_messages import forge, labels, press, privately, public, shows
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long

BUTTONS = ["Add note", "Refresh"]
AGAIN = 21.0  # seconds after which the calls may be read again


async def private(world: World, call: str = "123") -> Message:
    interaction = await world.discord.use_command(
        world.dispatcher, world.channel, "call", {"call": call}
    )
    return await asyncio.wait_for(interaction.answered(), PATIENCE)


async def kept(world: World, call: str = "123") -> Message:
    """Keep a call's card in the channel, and return it."""
    before = public(world)
    message = await private(world, call)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Kept in this channel")
    (card,) = [each for each in public(world) if each not in before]
    return card


async def later(seconds: float) -> None:
    """Let time pass, and what comes of it happen: a timer, its read, the pause before an edit."""
    for _ in range(3):
        await let_pass(seconds / 3)
        await tick()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, while time goes on."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await tick()


def reads(world: World) -> int:
    return sum(request.kind == "calls" for request in world.cad.requests)


def edits(world: World) -> int:
    return sum(request.route == "edit_message" for request in world.discord.requests)


async def read_again(world: World) -> None:
    """Let so much time pass that the calls are read again, and what comes of it happen."""
    count = reads(world)
    await let_pass(AGAIN)
    await until(lambda: reads(world) > count)
    await later(1)


def cards(world: World) -> int:
    """Return how many cards are stored."""
    return len(world.rows("SELECT 1 FROM call_cards"))


async def quiet(world: World, seconds: float) -> None:
    """Let time pass in which nothing is read and no card is edited."""
    before = reads(world), edits(world)
    await later(seconds)
    assert (reads(world), edits(world)) == before


async def test_a_kept_card_follows_its_call_until_that_is_closed(world: World) -> None:
    await world.registered()
    card = await kept(world)
    assert not card.ephemeral
    assert card.author.bot
    assert labels(card) == BUTTONS
    assert "Keep in channel" not in card.content
    count = reads(world)
    await read_again(world)
    assert reads(world) == count + 1
    assert edits(world) == 0
    world.cad.add_note(123, "*Shots* fired", label="Kim")
    await read_again(world)
    await shows(world, card, "Kim: \\*Shots\\* fired")
    assert reads(world) == count + 2
    assert edits(world) == 1
    world.cad.close_call(123)
    await read_again(world)
    await shows(world, card, "-# The call is closed.")
    assert labels(card) == []
    assert "· closed ·" in card.content
    await until(lambda: not cards(world))
    await quiet(world, 120)


async def test_a_call_that_two_lists_lack_is_gone(world: World) -> None:
    await world.registered()
    card = await kept(world)
    del world.cad.calls[1, 123]
    await read_again(world)
    assert labels(card) == BUTTONS
    await read_again(world)
    await shows(world, card, "-# The call is no longer in the CAD")
    assert "· gone ·" in card.content
    assert labels(card) == []
    assert card.content.startswith("**#123** · Traffic stop")


async def test_a_card_goes_on_after_a_restart_and_is_edited_only_on_change(world: World) -> None:
    await world.registered()
    card = await kept(world)
    await world.restart()
    await read_again(world)
    assert edits(world) == 0
    world.cad.add_note(123, "after the restart")
    await read_again(world)
    await shows(world, card, "after the restart")
    await world.finish()
    world.cad.close_call(123)
    world.stop.clear()
    await world.start()
    await read_again(world)
    await shows(world, card, "-# The call is closed.")


async def test_refresh_reads_anew_if_that_may_be_and_only_for_dispatchers(world: World) -> None:
    await world.registered()
    card = await kept(world)
    refused = await press(world, world.civilian, card, "Refresh")
    assert "you need one of these roles" in await privately(world, refused)
    refused = await press(world, world.civilian, card, "Add note")
    assert "you need one of these roles" in await privately(world, refused)
    world.cad.add_note(123, "news")
    pressed = await press(world, world.dispatcher, card, "Refresh")
    await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
    assert pressed.messages in ([], [card])
    await read_again(world)
    await shows(world, card, "news")
    out = await forge(world, world.dispatcher, "callnote-card:page:1:123:1")
    assert "out of date" in await privately(world, out)


async def test_the_oldest_is_let_go_and_a_newer_one_replaces_its_like(world: World) -> None:
    world.config = replace(world.config, call_cards_per_guild=2)
    for number in (124, 125):
        world.cad.add_call(number)
    await world.registered()
    first = await kept(world, "123")
    second = await kept(world, "124")
    third = await kept(world, "125")
    await shows(world, first, "-# No longer kept up to date, as there are newer cards")
    again = await kept(world, "124")
    await shows(world, second, "-# A newer card of this call is below.")
    assert [labels(card) for card in (first, second, third, again)] == [[], [], BUTTONS, BUTTONS]
    await until(lambda: cards(world) == 2)
    refreshed = await forge(world, world.dispatcher, "callnote-card:refresh:1:123")
    assert "no longer kept" in await privately(world, refreshed)


async def test_the_oldest_is_let_go_where_the_host_allows_fewer_now(world: World) -> None:
    world.cad.add_call(124)
    await world.registered()
    first, second = await kept(world, "123"), await kept(world, "124")
    world.config = replace(world.config, call_cards_per_guild=1)
    await world.restart()
    await until(lambda: cards(world) == 1)
    assert [labels(card) for card in (first, second)] == [[], BUTTONS]


async def test_a_deleted_message_or_channel_ends_the_reading(world: World) -> None:
    world.cad.add_call(124)
    await world.registered()
    card = await kept(world)
    place = world.channel
    world.channel = world.guild.add_channel("other")
    await kept(world, "124")
    world.discord.world.messages.delete(card)
    world.guild.delete_channel(world.channel)
    world.channel = place
    for number in (123, 124):
        world.cad.add_note(number, "news")
    await read_again(world)
    await until(lambda: not cards(world))
    await quiet(world, 120)


async def test_without_the_permission_nothing_is_read_until_it_is_tried_again(world: World) -> None:
    await world.registered()
    card = await kept(world)
    world.channel.set_app_permissions(0)
    world.cad.add_note(123, "unseen")
    await read_again(world)
    await until(lambda: edits(world) == 1)
    await quiet(world, 30)
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS)
    await later(60)
    await shows(world, card, "unseen")
    world.cad.add_note(123, "seen again")
    await read_again(world)
    await shows(world, card, "seen again")


async def test_a_guild_that_removes_the_bot_ends_its_cards(world: World) -> None:
    await world.registered()
    await kept(world)
    world.discord.remove_guild(world.guild)
    await until(lambda: not cards(world))
    await quiet(world, 60)


async def test_a_card_is_let_go_after_a_week(world: World) -> None:
    await world.registered()
    card = await kept(world)
    await world.finish()
    with contextlib.closing(sqlite3.connect(world.file(0).path or "")) as other, other:
        other.execute(f"UPDATE call_cards SET kept_at = kept_at - {CARD_SECONDS}")  # noqa: S608
    world.stop.clear()
    await world.start()
    await until(lambda: not cards(world))
    assert labels(card) == []
    assert card.content.startswith("**#123** · Traffic stop")


async def test_where_callnote_may_not_write_no_card_is_kept(world: World) -> None:
    await world.registered()
    message = await private(world)
    world.channel.set_app_permissions(0)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Callnote can't write in this channel")
    assert labels(message) != []
    assert cards(world) == 0


async def test_an_administrator_switches_cards_off_and_on(world: World) -> None:
    await world.registered()
    card = await kept(world)
    command = "callnote-config cards"
    refused = await world.discord.use_command(world.dispatcher, world.channel, command, {})
    assert "Manage Server" in await privately(world, refused)
    shown = await world.discord.use_command(world.admin, world.channel, command, {})
    assert "Dispatchers can keep a call's card" in (await shown.answered()).content
    message = await private(world)
    await world.discord.use_command(world.admin, world.channel, command, {"allow": False})
    await later(6)
    await shows(world, card, "an administrator has switched off cards")
    assert labels(card) == []
    pressed = await press(world, world.dispatcher, message, "Keep in channel")
    assert "switched off cards" in await privately(world, pressed)
    assert "Keep in channel" not in labels(await private(world))
    allowed = await world.discord.use_command(world.admin, world.channel, command, {"allow": True})
    assert "Dispatchers can keep" in (await allowed.answered()).content
    await kept(world)


async def test_a_call_that_ends_before_it_is_kept_leaves_no_card(world: World) -> None:
    await world.registered()
    message = await private(world)
    world.cad.close_call(123)
    await let_pass(61.0)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Call #123 is closed or gone")
    assert public(world) == []


async def test_a_cad_out_of_order_is_said_once(world: World) -> None:
    await world.registered()
    card = await kept(world)
    await world.cad.stop()
    await later(180)
    await shows(world, card, "-# Sonoran CAD has told nothing new since <t:")
    count = len(card.edits)
    await later(180)
    pressed = await press(world, world.dispatcher, card, "Refresh")
    await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
    await later(6)
    assert len(card.edits) == count
    await world.cad.start()
    await later(180)
    await read_again(world)
    assert "told nothing new" not in card.content


async def test_texts_that_discord_refuses_are_left_out(world: World) -> None:
    await world.registered()
    card = await kept(world)
    world.discord.faults.add(
        DiscordFault("edit_message", 400, applied=False, body={"code": 200000, "message": "no"})
    )
    world.cad.add_note(123, "refused")
    await read_again(world)
    await shows(world, card, "Discord does not take this call's texts")
    assert labels(card) == BUTTONS
    world.cad.add_note(123, "taken")
    await read_again(world)
    await shows(world, card, "taken")


async def test_a_card_that_ends_while_it_is_edited_says_so_then(world: World) -> None:
    await world.registered()
    card = await kept(world)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("edit_message", applied=True, hold=held))
    world.cad.add_note(123, "news")
    await read_again(world)
    await until(lambda: edits(world) == 1)
    off = {"allow": False}
    await world.discord.use_command(world.admin, world.channel, "callnote-config cards", off)
    await later(3)
    held.set()
    await later(6)
    await shows(world, card, "an administrator has switched off cards")
    assert labels(card) == []


async def test_a_discord_out_of_order_delays_an_edit(world: World) -> None:
    await world.registered()
    card = await kept(world)
    world.discord.faults.add(
        DiscordFault("edit_message", 429, applied=False, headers={"Retry-After": "30"})
    )
    world.cad.add_note(123, "late")
    await read_again(world)
    await later(40)
    await shows(world, card, "late")


async def test_of_two_processes_one_edits_a_card_and_the_other_takes_it_over(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with databases.postgresql(request.config) as world.database:
        await world.registered()
        stopping, world.stop = world.stop, asyncio.Event()
        first = world.bots[0]
        card = await kept(world)
        await world.start()
        world.cad.add_note(123, "one")
        await read_again(world)
        await shows(world, card, "one")
        assert edits(world) == 1
        stopping.set()
        await asyncio.wait_for(first, PATIENCE)
        world.bots.remove(first)
        world.cad.add_note(123, "two")
        async with fast():
            await shows(world, card, "two")
        assert edits(world) == 2
        pressed = await press(world, world.dispatcher, card, "Refresh")
        await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
        await world.finish()


async def test_a_card_that_another_process_took_over_is_left_to_that_until_it_ends(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with databases.postgresql(request.config) as world.database:
        await world.registered()
        card = await kept(world)
        await at_once(world.database, _let_another_have_it)
        world.cad.add_note(123, "theirs")
        await read_again(world)
        assert edits(world) == 0
        await quiet(world, 60)
        await at_once(world.database, lambda c: c.execute(delete(leases).where(_IS_OTHER)))
        async with fast():
            await shows(world, card, "theirs")
        await world.finish()


_IS_OTHER = leases.c.id == "other"


def _let_another_have_it(connection: Connection) -> None:
    connection.execute(insert(leases).values(id="other", heartbeat_at=NOW))
    connection.execute(update(call_cards).values(owner="other"))
