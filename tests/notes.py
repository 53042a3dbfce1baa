"""What people do with the messages of notes, and what they see there."""

from __future__ import annotations

import asyncio

from bot.standins.discord_server import Interaction, Member, Message
from tests.world import PATIENCE, World

ADDED = "NOTE 'some note here' added to call #123"
QUEUED = "Queued for call #123: "
CHECKING = "Not confirmed yet: checking call #123."
NOT_ADDED = "Not added to call #123: "
UNCONFIRMED = "Not confirmed for call #123: "


def labels(message: Message) -> list[str]:
    """Return what the buttons below a message say."""
    return [button.label for button in message.buttons]


def public(world: World) -> list[Message]:
    """Return the bot's messages that everybody in the channels sees."""
    return [
        message
        for message in world.discord.messages
        if message.author.bot and not message.ephemeral and not message.deleted
    ]


async def shows(world: World, message: Message, text: str) -> Message:
    """Wait until a message has a text in it."""
    return await asyncio.wait_for(world.discord.shows(message, text), PATIENCE)


async def told(world: World, interaction: Interaction, text: str) -> Message:
    """Wait until an interaction's public message has a text in it, and return the message."""
    async with asyncio.timeout(PATIENCE):
        await interaction.acknowledged()
        assert interaction.message is not None
        return await world.discord.shows(interaction.message, text)


async def press(world: World, member: Member, message: Message, label: str) -> Interaction:
    """Let somebody press the button that says `label`."""
    (custom_id,) = [each.custom_id for each in message.buttons if each.label == label]
    assert custom_id is not None
    return await world.discord.press_button(member, message, custom_id)


async def forge(world: World, member: Member, message: Message, action: str) -> Interaction:
    """Let somebody press a button that the message does not show them (any more)."""
    assert message.interaction is not None
    custom_id = f"callnote:{action}:{message.interaction.id}"
    return await world.discord.press_button(member, message, custom_id, forged=True)


async def privately(world: World, interaction: Interaction) -> str:
    """Wait for an answer that only its member sees, and return what it says."""

    def private() -> list[Message]:
        return [message for message in interaction.messages if message.ephemeral]

    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: bool(private()))
    (message,) = private()
    return message.content
