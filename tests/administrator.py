"""What the World's administrator does, and how members fare then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.sandbox.discord import Channel, Member, Message, Role
from bot.sandbox.discord.command_path import usable_commands
from bot.sandbox.discord.command_use import OptionType, OptionValue
from bot.sandbox.discord.markdown import render
from tests.world import PATIENCE, World


def every_command(
    world: World, role: Role, channel: Channel, member: Member
) -> dict[str, dict[str, OptionValue]]:
    """Return each registered command that can be used, with a value for each of its options."""
    values: dict[int, OptionValue] = {
        OptionType.STRING: "123",
        OptionType.INTEGER: 1,
        OptionType.BOOLEAN: True,
        OptionType.USER: member,
        OptionType.CHANNEL: channel,
        OptionType.ROLE: role,
    }
    return {
        command: {option["name"]: values[option["type"]] for option in options}
        for command, options in usable_commands(world.discord.registered_commands).items()
    }


async def configure(
    world: World, command: str, options: Mapping[str, OptionValue] | None = None
) -> Message:
    """Let the administrator use a sub-command; returns the answer, which only they may see."""
    interaction = await world.discord.use_command(
        world.admin, world.channel, f"callnote-config {command}", options, strict=True
    )
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.ephemeral
    return message


async def status(world: World) -> str:
    """Return the health check as the administrator reads it, without Discord's markup."""
    return render((await configure(world, "status")).content).text


async def choose(
    world: World, message: Message, what: str, values: Sequence[Role | Channel | str]
) -> str:
    """Let the administrator choose in a message's picker and return what it says then."""
    before = message.content
    await world.discord.choose(world.admin, message, f"callnote-config:{what}", values)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: message.content != before)
    return message.content


async def press(world: World, message: Message, label: str) -> str:
    """Let the administrator press a message's button and return what it says then."""
    (custom_id,) = [id_ for shown, id_, _ in message.buttons if shown == label and id_]
    before = message.content
    await world.discord.press_button(world.admin, message, custom_id)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: message.content != before)
    return message.content


async def refused(world: World, member: Member) -> str:
    """Let a member send a note, and return why it was refused."""
    interaction = await world.discord.use_command(
        member, world.channel, "callnote", {"call": "123", "note": "let me in"}
    )
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.ephemeral
    return message.content
