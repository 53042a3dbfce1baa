"""What people do with the form for a note, as Discord lets them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.sandbox.discord import Interaction, Member, Message
from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.forms import form_fields
from tests.world import PATIENCE, World

MENU = "Add to dispatch call"
PICTURE = Attachment(7, "scene.png", b"png")
ADDRESS = PICTURE.base + PICTURE.path


async def ready(world: World) -> None:
    """Run a bot, and wait until its commands can be used."""
    await world.start_with(2)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: bool(world.discord.registered_commands))


async def opened(
    world: World, message: Message | None = None, member: Member | None = None
) -> Interaction:
    """Let the dispatcher, or another member, open the form: a message's, or an empty one."""
    who = member or world.dispatcher
    if message is None:
        asked = await world.discord.use_command(who, world.channel, "callnote-form", strict=True)
    else:
        asked = await world.discord.use_message_command(who, message, MENU)
    await asyncio.wait_for(asked.acknowledged(), PATIENCE)
    return asked


def prefilled(asked: Interaction) -> str:
    """Return the text that stands in the form already."""
    return str(form_fields(asked)["note"].get("value") or "")


async def submitted(
    world: World, asked: Interaction, member: Member | None = None, **values: str
) -> Interaction:
    """Let the dispatcher, or another member, submit the form, with these fields changed."""
    ids = {name: component["custom_id"] for name, component in form_fields(asked).items()}
    given: Mapping[str, str] = {ids[name]: value for name, value in values.items()}
    return await world.discord.submit_modal(member or world.dispatcher, asked, given)


async def answered(interaction: Interaction) -> Message:
    """Return the private answer to a form."""
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.ephemeral
    return message


def link(world: World, message: Message) -> str:
    return f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{message.id}"
