"""Who is kept out and what is refused before anything reaches the CAD."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord import ApiError, Channel, Fault, Member, Message
from tests import kept_guilds
from tests.administrator import configure
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world

ADMINISTRATOR = 1 << 3


async def used_by(world: World, member: Member, channel: Channel | None) -> Message:
    interaction = await world.discord.use_command(
        member, channel, "callnote", {"call": "123", "note": "let me in"}
    )
    return await asyncio.wait_for(interaction.answered(), PATIENCE)


def assert_kept_out(world: World, message: Message) -> None:
    assert message.ephemeral
    assert world.cad.requests == []


async def test_without_a_configured_role_the_answer_says_what_to_set(world: World) -> None:
    world.config = replace(world.config, dispatcher_role_ids=frozenset())
    world.connect(world.guild)
    await world.start()
    message = await used_by(world, world.dispatcher, world.channel)
    assert_kept_out(world, message)
    assert "/callnote-config roles" in message.content


async def test_a_role_of_another_server_lets_nobody_in(world: World) -> None:
    other = world.discord.add_guild(name="Elsewhere").add_role("Dispatcher")
    world.config = replace(world.config, dispatcher_role_ids=frozenset({other.id}))
    world.connect(world.guild)
    await world.start()
    message = await used_by(world, world.dispatcher, world.channel)
    assert_kept_out(world, message)
    assert "/callnote-config roles" in message.content


async def test_a_stop_does_not_wait_for_an_answer_that_discord_takes_too_late(
    world: World,
) -> None:
    world.let(drain=600.0, edit_again=50.0)
    await world.registered()
    page = Fault("edit_original", 403, applied=False, body="<html></html>")
    world.discord.faults.add(page)
    interaction = await world.discord.use_command(
        world.admin, world.channel, "callnote-config status", {}
    )
    await asyncio.wait_for(world.discord.requested("edit_original"), PATIENCE)
    await world.finish()
    assert any("Notes" in message.content for message in interaction.messages)


async def test_a_member_without_the_role_is_told_which_is_needed(world: World) -> None:
    await world.start()
    message = await used_by(world, world.civilian, world.channel)
    assert_kept_out(world, message)
    assert "Dispatcher" in message.content
    assert not message.pings.roles


async def test_an_administrator_without_the_role_is_kept_out(world: World) -> None:
    admin = world.guild.add_member("alex", permissions=ADMINISTRATOR)
    await world.start()
    assert_kept_out(world, await used_by(world, admin, world.channel))


async def test_nobody_gets_in_from_a_direct_message(world: World) -> None:
    await world.start()
    message = await used_by(world, world.dispatcher, None)
    assert_kept_out(world, message)
    assert "server" in message.content


@pytest.mark.parametrize("call", ["", "12a"])
async def test_what_is_no_call_number_is_refused_in_one_sentence(world: World, call: str) -> None:
    await world.start()
    message = await world.say(call=call)
    assert_kept_out(world, message)
    assert message.content.startswith("A call number is a whole number")


async def test_a_blank_note_is_refused(world: World) -> None:
    await world.start()
    message = await world.say("\n\u200b\u2060\u3164")
    assert_kept_out(world, message)
    assert message.content.startswith("The note is empty")


async def test_a_note_above_the_limit_is_refused(world: World) -> None:
    await world.start()
    message = await world.say("x" * 4001)
    assert_kept_out(world, message)
    assert "4,001" in message.content


async def test_a_note_is_measured_after_trimming(world: World) -> None:
    await world.start()
    await world.say("  " + "x" * 4000 + "\n")
    assert world.stored() == ["x" * 4000]


@pytest.mark.parametrize(
    ("status", "code", "acknowledged"), [(400, 240000, False), (403, 50269, True)]
)
async def test_an_answer_that_discord_refuses_for_its_content_is_said_to_be_one(
    world: World, status: int, code: int, *, acknowledged: bool
) -> None:
    blocked = ApiError(status, code, "Blocked")
    world.guild.rename_role(world.role, "blockedword")
    world.discord.world.messages.filters.append(
        lambda draft: blocked if "blockedword" in (draft.content or "") else None
    )
    await world.registered()
    if acknowledged:
        content = (await configure(world, "roles")).content
    else:
        content = (await used_by(world, world.civilian, world.channel)).content
    assert content.startswith("Discord does not show this answer")
