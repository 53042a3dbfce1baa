"""A card in a channel outlives trouble at Discord and the CAD, and passes to other processes."""

from __future__ import annotations

import asyncio
from copy import deepcopy

import pytest
from sqlalchemy import Connection, delete, insert, text, update

from bot.calls.card_store import CardStore
from bot.calls.schema import call_cards
from bot.outbox.schema import leases
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS
from bot.storage import NOW, StorageUnavailableError
from tests import kept_guilds
from tests.cogs.kept_cards import (
    AGAIN,
    BUTTONS,
    cards,
    edits,
    kept,
    later,
    private,
    quiet,
    read_again,
    until,
)
from tests.database import at_once
from tests.loop_clock import let_pass
from tests.note_messages import labels, press, public, shows
from tests.postgresql import postgresql
from tests.world import PATIENCE, World

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
keeper = kept_guilds.keeper
world = kept_guilds.world


async def test_of_two_processes_one_edits_a_card_and_the_other_takes_it_over(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with postgresql(request.config) as world.database:
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
        await shows(world, card, "two")
        assert edits(world) == 2
        pressed = await press(world, world.dispatcher, card, "Refresh")
        await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
        await world.finish()


async def test_a_card_that_another_process_took_over_is_left_to_that_until_it_ends(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with postgresql(request.config) as world.database:
        await world.registered()
        card = await kept(world)
        await at_once(world.database, _let_another_have_it)
        world.cad.add_note(123, "theirs")
        await read_again(world)
        assert edits(world) == 0
        await quiet(world, 60)
        await at_once(world.database, lambda c: c.execute(delete(leases).where(_IS_OTHER)))
        await shows(world, card, "theirs")
        await world.finish()


async def test_a_damaged_row_of_a_file_keeps_no_other_card_from_being_kept_up(
    world: World,
) -> None:
    world.cad.add_call(124)
    await world.registered()
    await kept(world, "124")
    card = await kept(world)
    await world.finish()
    damaged = text("UPDATE call_cards SET kept_at = 'x' WHERE call_id = 124")
    await at_once(world.file(0), lambda c: c.execute(damaged))
    world.stop.clear()
    await world.start()
    world.cad.add_note(123, "news")
    await read_again(world)
    await shows(world, card, "news")
    await at_once(world.file(0), lambda c: c.execute(text("DELETE FROM call_cards")))


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


async def test_a_card_goes_on_that_had_nothing_to_show_when_it_was_tried_again(
    world: World,
) -> None:
    await world.registered()
    card = await kept(world)
    world.channel.set_app_permissions(0)
    before = deepcopy(world.cad.calls[1, 123])
    world.cad.add_note(123, "taken back")
    await read_again(world)
    await until(lambda: edits(world) > 0)
    world.cad.calls[1, 123] = before
    await let_pass(AGAIN)
    await private(world)  # which reads the calls, as the card does not meanwhile
    await later(60)
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS)
    world.cad.add_note(123, "news")
    await read_again(world)
    await shows(world, card, "news")


async def test_where_callnote_may_not_write_no_card_is_kept(world: World) -> None:
    await world.registered()
    message = await private(world)
    world.channel.set_app_permissions(0)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Callnote can't write in this channel")
    assert labels(message) != []
    assert cards(world) == 0


@pytest.mark.parametrize("how", ["late", "cut off", "failed"])
async def test_a_card_whose_posting_was_not_confirmed_is_one_card_that_is_kept(
    world: World, how: str
) -> None:
    await world.registered()
    message = await private(world)
    fault = DiscordFault("channel_message", hold=asyncio.Event() if how == "late" else None)
    fault.abort = how == "cut off"
    fault.status = 503 if how == "failed" else None
    world.discord.faults.add(fault)
    await press(world, world.dispatcher, message, "Keep in channel")
    await later(9)
    await shows(world, message, "Kept in this channel")
    (card,) = public(world)
    world.cad.add_note(123, "news")
    await read_again(world)
    await shows(world, card, "news")


async def test_a_card_that_cannot_be_stored_is_not_left_in_the_channel(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add(*_: object) -> None:
        raise StorageUnavailableError("no answer in time")

    await world.registered()
    message = await private(world)
    monkeypatch.setattr(CardStore, "add", add)
    await press(world, world.dispatcher, message, "Keep in channel")
    await asyncio.wait_for(world.discord.requested("delete_message"), PATIENCE)
    await shows(world, message, "database")
    assert public(world) == []


async def test_a_cad_out_of_order_is_said_once(world: World) -> None:
    await world.registered()
    card = await kept(world)
    await world.cad.stop()
    await later(180)
    await shows(world, card, "-# Nothing new from Sonoran CAD since <t:")
    count = len(card.edits)
    await later(180)
    pressed = await press(world, world.dispatcher, card, "Refresh")
    await asyncio.wait_for(pressed.acknowledged(), PATIENCE)
    await later(6)
    assert len(card.edits) == count
    await world.cad.start()
    await later(180)
    await read_again(world)
    assert "Nothing new from" not in card.content


async def test_texts_that_discord_refuses_are_left_out(world: World) -> None:
    await world.registered()
    card = await kept(world)
    world.discord.faults.add(
        DiscordFault("edit_message", 400, applied=False, body={"code": 200000, "message": "no"})
    )
    world.cad.add_note(123, "refused")
    await read_again(world)
    await shows(world, card, "Discord does not show this call's texts")
    assert labels(card) == BUTTONS
    world.cad.add_note(123, "taken")
    await read_again(world)
    await shows(world, card, "taken")


async def test_cards_that_are_switched_off_while_one_is_being_kept_leave_none(
    world: World,
) -> None:
    await world.registered()
    message = await private(world)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault("callback", applied=True, hold=held))
    await press(world, world.dispatcher, message, "Keep in channel")
    off = {"allow": False}
    switched = await world.discord.use_command(
        world.admin, world.channel, "callnote-config cards", off
    )
    await switched.answered()
    held.set()
    await shows(world, message, "switched off cards")
    assert public(world) == []


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


async def test_a_refusal_that_discord_py_cannot_read_delays_an_edit(world: World) -> None:
    await world.registered()
    card = await kept(world)
    headers = {"Via": "1.1 google"}
    world.discord.faults.add(
        DiscordFault("edit_message", 429, applied=False, body={"message": "x"}, headers=headers)
    )
    world.cad.add_note(123, "late")
    await read_again(world)
    await later(40)
    await shows(world, card, "late")


_IS_OTHER = leases.c.id == "other"


def _let_another_have_it(connection: Connection) -> None:
    connection.execute(insert(leases).values(id="other", heartbeat_at=NOW))
    connection.execute(update(call_cards).values(owner="other"))
