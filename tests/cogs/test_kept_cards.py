"""A card that is kept in a channel follows its call until that is closed or gone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from bot.calls.followed_card import CARD_SECONDS
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.administrator import status
from tests.cogs.kept_cards import (
    BUTTONS,
    MARK,
    cards,
    edits,
    kept,
    later,
    private,
    quiet,
    read_again,
    reads,
    until,
)
from tests.loop_clock import let_pass
from tests.note_messages import change_outbox, forge, labels, press, privately, public, shows
from tests.world import PATIENCE, World

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
keeper = kept_guilds.keeper
world = kept_guilds.world


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
    refreshed = await forge(world, world.dispatcher, f"callnote-card:refresh:{MARK}:1:123")
    assert "no longer kept" in await privately(world, refreshed)


async def test_the_oldest_is_let_go_where_the_host_allows_fewer_now(world: World) -> None:
    world.cad.add_call(124)
    await world.registered()
    first, second = await kept(world, "123"), await kept(world, "124")
    world.config = replace(world.config, call_cards_per_guild=1)
    await world.restart()
    await until(lambda: cards(world) == 1)
    assert [labels(card) for card in (first, second)] == [[], BUTTONS]


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


async def test_a_list_with_something_that_cannot_be_read_may_have_the_call(world: World) -> None:
    await world.registered()
    card = await kept(world)
    before = card.content
    body = json.dumps({"activeCalls": [{"callId": "123"}, {"callId": 124}], "closedCalls": []})
    world.cad.faults.add(Fault(on="calls", body=body, times=3))
    for _ in range(3):
        await read_again(world)
    assert (card.content, labels(card)) == (before, BUTTONS)


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
    out = await forge(world, world.dispatcher, f"callnote-card:page:{MARK}:1:123:1")
    assert "out of date" in await privately(world, out)


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
    await change_outbox(world, f"UPDATE call_cards SET kept_at = kept_at - {CARD_SECONDS}")  # noqa: S608
    world.stop.clear()
    await world.start()
    await until(lambda: not cards(world))
    assert labels(card) == []
    assert card.content.startswith("**#123** · Traffic stop")


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
    assert "Cards in channels: switched off." in await status(world)
    assert labels(card) == []
    pressed = await press(world, world.dispatcher, message, "Keep in channel")
    assert "switched off cards" in await privately(world, pressed)
    assert "Keep in channel" not in labels(await private(world))
    allowed = await world.discord.use_command(world.admin, world.channel, command, {"allow": True})
    assert "Dispatchers can keep" in (await allowed.answered()).content
    assert "Cards in channels: allowed." in await status(world)
    await kept(world)


async def test_a_call_that_ends_before_it_is_kept_leaves_no_card(world: World) -> None:
    await world.registered()
    message = await private(world)
    world.cad.close_call(123)
    await let_pass(61.0)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Call #123 is closed or gone")
    assert public(world) == []
