"""A note is shown in whichever way Discord takes, and nobody else is taken for Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.sandbox.discord import ApiError
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.message_validation import Draft
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS, VIEW_CHANNEL
from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import ADDED, NOT_ADDED, QUEUED, public, shows, told, waiting_note
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

WINDOW = 15 * 60 + 1
PAGE = "<html><title>Just a moment...</title></html>"
NOT_SHOWN = "Discord does not show this note's text."


def edge(route: str, status: int, times: int | None = 1, **headers: str) -> DiscordFault:
    """Return the web page with which what is in front of Discord answers."""
    return DiscordFault(route, status, times, applied=False, body=PAGE, headers=headers)


def banned(route: str) -> DiscordFault:
    """Return the refusal of a route for an hour, in plain text and without `Via`.

    A bot that met it keeps to it, so it is not to be kept, which other periods see to.
    """
    headers = {"Content-Type": "text/plain", "Retry-After": "3600"}
    return DiscordFault(route, 429, None, applied=False, body="error code: 1015", headers=headers)


def refuse(world: World, text: str, status: int = 400, code: int = 240000) -> None:
    """Let Discord refuse every message with a text in it."""
    world.discord.world.messages.filters.append(
        lambda draft: ApiError(status, code, "Blocked") if text in (draft.content or "") else None
    )


def without_files(status: int, code: int) -> Callable[[Draft], ApiError | None]:
    return lambda draft: ApiError(status, code, "Refused") if draft.attachments else None


@pytest.mark.parametrize("status", [401, 404])
async def test_a_web_page_in_place_of_discords_answer_ends_nothing(
    world: World, status: int
) -> None:
    message = await waiting_note(world)
    for route in ("edit_original", "edit_message"):
        world.discord.faults.add(edge(route, status, 2))
    await world.cad.start()
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def test_a_web_page_with_a_success_is_not_taken_for_discords_answer(world: World) -> None:
    message = await waiting_note(world)
    world.discord.faults.add(edge("edit_original", 200))
    await world.cad.start()
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def test_a_refusal_that_discord_py_cannot_read_is_not_taken_for_a_success(
    world: World,
) -> None:
    message = await waiting_note(world)
    headers = {"Via": "1.1 google"}
    world.discord.faults.add(
        DiscordFault("edit_original", 429, applied=False, body={"message": "x"}, headers=headers)
    )
    await world.cad.start()
    await shows(world, message, ADDED)


async def test_a_web_page_does_not_make_the_outbox_forget_an_acknowledged_note(
    world: World,
) -> None:
    world.let(acknowledged_at_latest=0.0)
    await world.start_with(2)
    world.discord.faults.add(DiscordFault("callback", 200, applied=True, body="unreadable"))
    world.discord.faults.add(edge("get_original", 404, 2))
    await told(world, await world.use(), ADDED)
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize(
    ("late", "status", "code"),
    [(False, 400, 240000), (True, 403, 50269)],
    ids=["", "after 15 minutes"],
)
async def test_a_note_whose_text_discord_refuses_is_shown_without_it(
    world: World, late: bool, status: int, code: int
) -> None:
    refuse(world, "some note here", status, code)
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    if late:
        world.clock.later(WINDOW)
    held.set()
    message = await told(world, interaction, "Added to call #123")
    assert message.content == f"Added to call #123; {NOT_SHOWN}"
    assert public(world) == [message]


@pytest.mark.long
async def test_a_text_that_makes_discord_fail_every_time_is_left_out(world: World) -> None:
    refuse(world, "some note here", 500, 0)
    await world.start_with(2)
    message = await told(world, await world.use(), "Added to call #123")
    assert message.content == f"Added to call #123; {NOT_SHOWN}"
    # That may have been an outage as well, so the text is tried once more.
    world.discord.world.messages.filters.clear()
    await shows(world, message, ADDED)


async def test_a_refused_note_whose_text_discord_refuses_says_what_became_of_it(
    world: World,
) -> None:
    refuse(world, "one")
    await world.start_with(2)
    world.cad.faults.add(Fault(status=404, body="NO CALL FOR: one two"))
    message = await told(world, await world.use("one\ntwo"), NOT_ADDED)
    assert message.content.startswith(f"{NOT_ADDED}status 404")
    assert message.content.endswith(NOT_SHOWN)
    assert message.attachments == []


async def test_a_file_that_discord_does_not_take_is_left_out(world: World) -> None:
    world.discord.world.messages.filters.append(without_files(413, 40005))
    await world.start_with(2)
    world.cad.faults.add(Fault(status=404, body="CALL NOT FOUND"))
    message = await told(world, await world.use("one\ntwo"), NOT_ADDED)
    assert message.content.endswith("Your note: one ↵ two")
    assert message.attachments == []


async def test_a_file_that_the_edge_does_not_take_is_left_out(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=404, body="CALL NOT FOUND"))
    world.discord.faults.add(edge("edit_original", 413))
    message = await told(world, await world.use("one\ntwo"), NOT_ADDED)
    assert message.content.endswith("Your note: one ↵ two")
    assert message.attachments == []


async def test_a_banned_route_is_left_alone_while_the_channel_shows_the_note(
    world: World,
) -> None:
    world.let(drain=600.0)
    message = await waiting_note(world)
    world.discord.faults.add(banned("edit_original"))
    before = len(world.discord.requests)
    await world.cad.start()
    await shows(world, message, ADDED)
    await world.say("another")
    asked = [each.route for each in world.discord.requests[before:]]
    assert asked.count("edit_original") == 1
    assert public(world)[0] is message


async def test_a_deleted_message_is_replaced_although_the_other_route_is_banned(
    world: World,
) -> None:
    world.let(drain=600.0)
    message = await waiting_note(world)
    world.discord.faults.add(banned("edit_original"))
    world.discord.world.messages.delete(message)
    await world.cad.start()
    await asyncio.wait_for(world.discord.requested("channel_message"), PATIENCE)
    (new,) = public(world)
    await shows(world, new, ADDED)


async def test_a_banned_route_is_not_asked_again_where_there_is_no_other_and_no_stop_waits_for_it(
    world: World,
) -> None:
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS & ~VIEW_CHANNEL)
    world.let(drain=600.0)
    message = await waiting_note(world)
    world.discord.faults.add(banned("edit_original"))
    await world.cad.start()
    # By its third refusal the channel was tried twice more than the route that is closed.
    await asyncio.wait_for(world.discord.requested("edit_message", 3), PATIENCE)
    asked = [each for each in world.discord.requests if each.status == 429]
    assert len(asked) == 1
    assert message.content.startswith(QUEUED)
    await world.finish()
    world.discord.faults.clear()
    await world.restart()
    await shows(world, message, ADDED)


async def test_what_waits_for_its_next_attempt_is_tried_once_more_at_a_stop(world: World) -> None:
    world.let(drain=600.0, first_show_retry=1800.0, longest_show_retry=3600.0)
    message = await waiting_note(world)
    for route in ("edit_original", "edit_message"):
        world.discord.faults.add(edge(route, 403))
    await world.cad.start()
    await asyncio.wait_for(world.discord.requested("edit_message"), PATIENCE)
    await world.finish()
    assert message.content == ADDED


async def test_an_expired_token_is_not_tried_again(world: World) -> None:
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    world.discord.faults.add(DiscordFault("edit_message", abort=True, applied=False, times=3))
    await world.cad.start()
    await shows(world, message, ADDED)
    asked = [each for each in world.discord.requests if each.status == 401]
    assert len(asked) == 1
    assert message.buttons == []
    assert public(world) == [message]


async def test_a_new_message_that_discord_took_without_saying_so_is_not_sent_again(
    world: World,
) -> None:
    message = await waiting_note(world)
    world.clock.later(WINDOW)
    world.discord.world.messages.delete(message)
    world.discord.faults.add(DiscordFault("channel_message", 503, times=3, applied=True))
    await world.cad.start()
    await asyncio.wait_for(world.discord.requested("channel_message", 4), PATIENCE)
    (posted,) = public(world)
    assert posted.content == ADDED


@pytest.mark.parametrize("late", [False, True], ids=["", "after 15 minutes"])
async def test_a_message_in_an_archived_thread_loses_its_button(world: World, late: bool) -> None:
    world.channel = thread = world.guild.add_thread("a call", world.channel)
    message = await waiting_note(world)
    thread.archived = True
    if late:
        world.clock.later(WINDOW)
    await world.cad.start()
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert public(world) == [message]
