"""What could not be shown in a channel is shown once the bot can see the channel again."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Interaction, Message
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS, VIEW_CHANNEL
from tests import kept_bot
from tests.administrator import configure
from tests.loop_clock import idle
from tests.note_messages import ADDED, QUEUED, public, shows, told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

WINDOW = 15 * 60 + 1


async def queued(world: World) -> Message:
    """Return the message of a note that waits for a CAD out of reach, with a bot that runs."""
    await world.cad.stop()
    return await told(world, await world.use(), QUEUED)


def hidden_from(route: str, held: asyncio.Event) -> DiscordFault:
    """Return the refusal of a channel that the bot cannot see, which arrives once it is let go."""
    body = {"message": "Missing Access", "code": 50001}
    return DiscordFault(route, 403, applied=False, body=body, hold=held)


async def let_be_seen(world: World, held: asyncio.Event) -> None:
    """Let the bot hear that it can see the channel, and only then of its refusal."""
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS)
    await idle()
    held.set()


@pytest.mark.parametrize(("back", "restarted"), [("in the channel", False), ("new session", True)])
async def test_what_could_not_be_shown_is_shown_when_the_channel_can_be_seen_again(
    world: World, back: str, restarted: bool
) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS & ~VIEW_CHANNEL)
    message = await queued(world)
    world.clock.later(WINDOW)
    await world.cad.start()
    await asyncio.wait_for(world.discord.posted(log, 2), PATIENCE)
    assert message.content.startswith(QUEUED)
    if restarted:
        await world.restart()
        await asyncio.wait_for(world.discord.requested("edit_message", 2), PATIENCE)
    if back == "new session":
        world.channel.app_permissions = ORDINARY_PERMISSIONS
        await world.discord.invalidate_sessions()
    else:
        world.channel.set_app_permissions(ORDINARY_PERMISSIONS)
    await shows(world, message, ADDED)
    assert message.buttons == []
    await world.settled()
    assert len(await world.discord.posted(log)) == 2
    assert len(public(world)) == 3


async def test_what_can_be_seen_again_while_an_edit_is_refused_is_shown_in_the_same_message(
    world: World,
) -> None:
    await world.start_with(2)
    message = await queued(world)
    world.clock.later(WINDOW)
    held = asyncio.Event()
    world.discord.faults.add(hidden_from("edit_message", held))
    await world.cad.start()
    await asyncio.wait_for(world.discord.arrived("edit_message"), PATIENCE)
    await let_be_seen(world, held)
    await shows(world, message, ADDED)
    assert public(world) == [message]


async def came_too_late(world: World) -> Interaction:
    """Let a bot end that does not know whether a note is acknowledged, for too long."""
    await world.start_with(2)
    world.discord.faults.add(DiscordFault("callback", 500, applied=True))
    world.discord.faults.add(DiscordFault("get_original", None, None, applied=False, abort=True))
    interaction = await world.use()
    await asyncio.wait_for(interaction.attempted(2), PATIENCE)
    await asyncio.wait_for(world.discord.arrived("get_original"), PATIENCE)
    await world.finish()
    world.discord.faults.clear()
    world.clock.later(WINDOW)
    return interaction


async def is_told_of(world: World) -> None:
    (posted,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
    assert posted.content.startswith("❌ Not added to call #123: Callnote was offline too long.")
    assert world.stored() == []


async def test_a_note_that_came_too_late_is_told_of_once_the_channel_can_be_seen(
    world: World,
) -> None:
    interaction = await came_too_late(world)
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS & ~VIEW_CHANNEL)
    await world.restart()
    await asyncio.wait_for(world.discord.requested("channel_message"), PATIENCE)
    assert [each.interaction for each in world.discord.messages] == [interaction]
    world.channel.set_app_permissions(ORDINARY_PERMISSIONS)
    await is_told_of(world)


async def test_a_note_that_came_too_late_is_told_of_if_there_is_a_way_while_it_is_refused(
    world: World,
) -> None:
    await came_too_late(world)
    held = asyncio.Event()
    world.discord.faults.add(hidden_from("channel_message", held))
    await world.restart()
    await asyncio.wait_for(world.discord.arrived("channel_message"), PATIENCE)
    await let_be_seen(world, held)
    await is_told_of(world)
