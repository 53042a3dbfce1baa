"""Waiting for what the bot shows in its channels."""

from bot.sandbox.discord.guild import Channel
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.world import World


class Waiting:
    """Waits for messages, without a time-out."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def shows(self, message: Message, text: str) -> Message:
        """Wait until the message's content contains `text`, and return the message."""
        await self.world.changes.until(lambda: text in message.content)
        return message

    async def edited(self, message: Message, text: str) -> Message:
        """Wait until an edit has given the message a content with `text`, and return it.

        Completing a "thinking" placeholder is an edit, too.
        """
        await self.world.changes.until(lambda: len(message.edits) > 1 and text in message.content)
        return message

    async def posted(self, channel: Channel, count: int = 1) -> list[Message]:
        """Wait until the bot has posted `count` messages in the channel, and return all it has.

        Answers to interactions do not count; deleted messages do.
        """

        def ordinary() -> list[Message]:
            return [
                message
                for message in self.world.messages.all
                if message.channel is channel
                and message.author is self.world.application
                and message.interaction is None
            ]

        await self.world.changes.until(lambda: len(ordinary()) >= count)
        return ordinary()
