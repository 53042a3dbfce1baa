"""Reaches the Discord message that shows a note, by whichever way still works.

For 15 minutes that is the interaction's token, which needs no permission; afterwards the message
is an ordinary one of the bot's (discord/discord-api-docs, discussion 3090).
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Awaitable, Callable, Iterable
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import cast

import discord

from bot.interactions.failures import DISCORD_FAILURES
from bot.outbox import NoteRecord
from bot.timing import Timing

# Discord API docs, Opcodes and Status Codes: what says that the token, and not the message, is
# the trouble.
_EXPIRED_TOKEN = 50027
_TOKEN_CODES = frozenset({10015, _EXPIRED_TOKEN})
_ORIGINAL = cast(int, "@original")  # which Discord takes in the place of a message's id


class EditResult(Enum):
    """What came of showing something."""

    DONE = auto()
    RETRY = auto()
    """Discord did not take it now; another try may succeed."""
    GAVE_UP = auto()
    """There is no way left to show it."""


class StatusMessage:
    """The message of one note, seen from one client."""

    def __init__(self, client: discord.Client, record: NoteRecord, *, timing: Timing) -> None:
        self._client = client
        self._record = record
        self._acknowledged_at_latest = timing.acknowledged_at_latest
        self.moved_to: int | None = None
        """The id of the new message when the old one was gone."""
        self.too_late = False
        """Whether `find` found that the interaction's time is over, so that nobody can know."""

    async def find(self) -> tuple[EditResult, int | None]:
        """Look whether the interaction was acknowledged and waits for its answer.

        Returns DONE with the message's id when its placeholder is there, GAVE_UP when there will be
        none or it says something else already, and RETRY when another look is needed.
        """
        webhook = self._webhook()
        if webhook is None:
            return EditResult.GAVE_UP, None
        try:
            message = await webhook.fetch_message(_ORIGINAL)
        except discord.NotFound as error:
            made = discord.utils.snowflake_time(self._record.id).timestamp()
            over = _answered_at(error) - made > self._acknowledged_at_latest
            return (EditResult.GAVE_UP if over else EditResult.RETRY), None
        except discord.HTTPException as error:
            self.too_late = error.code == _EXPIRED_TOKEN
            return (EditResult.GAVE_UP if error.code in _TOKEN_CODES else EditResult.RETRY), None
        except (*DISCORD_FAILURES, RuntimeError):  # the last from a client that was closed
            return EditResult.RETRY, None
        if message.flags.loading and not message.flags.ephemeral:
            return EditResult.DONE, message.id
        return EditResult.GAVE_UP, None

    async def close(self, content: str) -> None:
        """Make a private question say `content`, without its buttons, if it can be reached."""
        webhook = self._webhook()
        if webhook is not None:
            with contextlib.suppress(*DISCORD_FAILURES):
                await webhook.edit_message(_ORIGINAL, content=content, view=None)

    async def show(
        self, content: str, view: discord.ui.View | None, copy: str | None = None
    ) -> EditResult:
        """Make the message say `content`, with `view` below it and `copy` as an attached text.

        A message that was deleted meanwhile is replaced by a new one. Never raises for what
        Discord or the network does.
        """
        ways = (self._by_token, self._by_channel, self._anew_by_token, self._anew_by_channel)
        return await self._show_by(ways, content, view, copy)

    async def post(self, content: str, copy: str | None) -> EditResult:
        """Say something about a note whose message cannot be found, in a message of its own.

        Never raises for what Discord or the network does.
        """
        return await self._show_by((self._anew_by_channel,), content, None, copy)

    async def _show_by(
        self,
        ways: Iterable[Callable[[str, discord.ui.View | None, str | None], Awaitable[bool]]],
        content: str,
        view: discord.ui.View | None,
        copy: str | None,
    ) -> EditResult:
        """Try one way after the other until one leads to the member."""
        for way in ways:
            try:
                if await way(content, view, copy):
                    return EditResult.DONE
            except discord.DiscordServerError:
                return EditResult.RETRY
            except (discord.NotFound, discord.Forbidden):
                continue
            except discord.HTTPException as error:
                if error.status == 429:
                    return EditResult.RETRY
                continue
            except (ValueError, TypeError, LookupError):
                # Discord took it and described it in a way that cannot be read.
                return EditResult.DONE
            except DISCORD_FAILURES:
                return EditResult.RETRY
        return EditResult.GAVE_UP

    async def _by_token(self, content: str, view: discord.ui.View | None, copy: str | None) -> bool:
        webhook = self._webhook()
        if webhook is None:
            return False
        try:
            await webhook.edit_message(
                _ORIGINAL, content=content, view=view, attachments=_attachments(copy)
            )
        except discord.NotFound:
            if self._record.message_id is None:
                raise
            # One that replaced a deleted message is a followup of the same interaction.
            await webhook.edit_message(
                self._record.message_id,
                content=content,
                view=view,
                attachments=_attachments(copy),
            )
        return True

    async def _by_channel(
        self, content: str, view: discord.ui.View | None, copy: str | None
    ) -> bool:
        if self._record.message_id is None:
            return False
        message = self._channel().get_partial_message(self._record.message_id)
        try:
            await message.edit(content=content, view=view, attachments=_attachments(copy))
        except discord.Forbidden:
            if copy is None:
                raise
            await message.edit(content=content, view=view, attachments=[])
        return True

    async def _anew_by_token(
        self, content: str, view: discord.ui.View | None, copy: str | None
    ) -> bool:
        webhook = self._webhook()
        if webhook is None:
            return False
        message = await webhook.send(
            content, view=view or discord.utils.MISSING, files=_attachments(copy), wait=True
        )
        self.moved_to = message.id
        return True

    async def _anew_by_channel(
        self, content: str, view: discord.ui.View | None, copy: str | None
    ) -> bool:
        shown = view or discord.utils.MISSING
        try:
            message = await self._channel().send(content, view=shown, files=_attachments(copy))
        except discord.Forbidden:
            if copy is None:
                raise
            message = await self._channel().send(content, view=shown)
        self.moved_to = message.id
        return True

    def _webhook(self) -> discord.Webhook | None:
        token, application = self._record.token, self._client.application_id
        if token is None or application is None:
            return None
        return discord.Webhook.partial(application, token, client=self._client)

    def _channel(self) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(
            self._record.channel_id, guild_id=self._record.guild_id
        )


def _answered_at(error: discord.HTTPException) -> float:
    """Return when Discord answered, by its own clock, which made the interaction's id as well."""
    try:
        return parsedate_to_datetime(error.response.headers["Date"]).timestamp()
    except (LookupError, ValueError):
        return time.time()


def _attachments(copy: str | None) -> list[discord.File]:
    if copy is None:
        return []
    return [discord.File(io.BytesIO(copy.encode("utf-8", "replace")), filename="note.txt")]
