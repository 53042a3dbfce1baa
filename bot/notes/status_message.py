"""Edits the Discord message that shows a note, in whichever way still works.

For 15 minutes that is the interaction's token, which needs no permission; after that it is an
ordinary message of the bot's (discord/discord-api-docs, discussion 3090).
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

import discord

from bot.interactions.errors import DISCORD_FAILURES
from bot.interactions.responses import ORIGINAL_MESSAGE
from bot.outbox import NoteRecord
from bot.timing import Timing

# Discord API docs, Opcodes and Status Codes: the errors about the token, not the message.
_EXPIRED_TOKEN = 50027
_TOKEN_CODES = frozenset({10015, _EXPIRED_TOKEN})


class EditResult(Enum):
    """The result of editing a message."""

    DONE = auto()
    RETRY = auto()  # Discord did not accept it now; another attempt may succeed
    GAVE_UP = auto()  # no way is left to show it


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a message is to show, as arguments of discord.py, of which a file serves once."""

    content: str
    view: discord.ui.View | None
    copy: str | None

    def edited(self) -> dict[str, Any]:
        return {"content": self.content, "view": self.view, "attachments": self._files()}

    def sent(self) -> dict[str, Any]:
        view = self.view or discord.utils.MISSING
        return {"content": self.content, "view": view, "files": self._files()}

    def _files(self) -> list[discord.File]:
        if self.copy is None:
            return []
        return [discord.File(io.BytesIO(self.copy.encode("utf-8", "replace")), "note.txt")]


class StatusMessage:
    """The message of one note, edited through one client."""

    def __init__(self, client: discord.Client, record: NoteRecord, *, timing: Timing) -> None:
        self._client = client
        self._record = record
        self._acknowledged_at_latest = timing.acknowledged_at_latest
        self.moved_to: int | None = None  # the id of the new message when the old one was gone
        self.too_late = False
        """Whether `find` came after the interaction expired, so that nobody can know."""

    async def find(self) -> tuple[EditResult, int | None]:
        """Find out whether the interaction was acknowledged and still shows its placeholder.

        Returns DONE with the message's id if so, GAVE_UP when there is none and never will be, or
        it already shows something else, and RETRY when Discord has to be asked again.
        """
        webhook = self._webhook()
        if webhook is None:
            self.too_late = self._record.token is None
            return EditResult.GAVE_UP, None
        try:
            message = await webhook.fetch_message(ORIGINAL_MESSAGE)
        except discord.NotFound as error:
            made = discord.utils.snowflake_time(self._record.id).timestamp()
            over = _answered_at(error) - made > self._acknowledged_at_latest
            return (EditResult.GAVE_UP if over else EditResult.RETRY), None
        except discord.HTTPException as error:
            self.too_late = error.code == _EXPIRED_TOKEN
            return (EditResult.GAVE_UP if error.code in _TOKEN_CODES else EditResult.RETRY), None
        except (*DISCORD_FAILURES, RuntimeError):  # RuntimeError: the client was closed
            return EditResult.RETRY, None
        if message.flags.loading and not message.flags.ephemeral:
            return EditResult.DONE, message.id
        return EditResult.GAVE_UP, None

    async def close(self, content: str) -> None:
        """Replace a private question by `content` without buttons, if it can be reached."""
        webhook = self._webhook()
        if webhook is not None:
            with contextlib.suppress(*DISCORD_FAILURES):
                await webhook.edit_message(ORIGINAL_MESSAGE, content=content, view=None)

    async def show(
        self, content: str, view: discord.ui.View | None, copy: str | None = None
    ) -> EditResult:
        """Show `content` with the components of `view` and the text `copy` as an attachment.

        A deleted message is replaced by a new one. Never raises for failures of Discord or the
        network.
        """
        ways = (self._by_token, self._by_channel, self._new_by_token, self._new_by_channel)
        return await self._show_by(ways, _Shown(content, view, copy))

    async def post(self, content: str, copy: str | None) -> EditResult:
        """Show `content` in a new message, for a note whose own cannot be found; like `show`."""
        return await self._show_by((self._new_by_channel,), _Shown(content, None, copy))

    async def _show_by(
        self, ways: Iterable[Callable[[_Shown], Awaitable[bool]]], shown: _Shown
    ) -> EditResult:
        """Try one way after the other until one succeeds."""
        for way in ways:
            try:
                if await way(shown):
                    return EditResult.DONE
            except discord.HTTPException as error:
                if error.status == 429 or error.status >= 500:
                    return EditResult.RETRY
            except (ValueError, TypeError, LookupError):
                # Discord accepted it, and described the message in an unreadable way.
                return EditResult.DONE
            except DISCORD_FAILURES:
                return EditResult.RETRY
        return EditResult.GAVE_UP

    async def _by_token(self, shown: _Shown) -> bool:
        webhook, message_id = self._webhook(), self._record.message_id
        if webhook is None:
            return False
        try:
            await webhook.edit_message(ORIGINAL_MESSAGE, **shown.edited())
        except discord.NotFound:
            if message_id is None:
                raise
            # A message that replaced a deleted one is a follow-up of the same interaction.
            await webhook.edit_message(message_id, **shown.edited())
        return True

    async def _by_channel(self, shown: _Shown) -> bool:
        if self._record.message_id is None:
            return False
        message = self._channel().get_partial_message(self._record.message_id)
        try:
            await message.edit(**shown.edited())
        except discord.Forbidden:
            if shown.copy is None:
                raise
            await message.edit(**replace(shown, copy=None).edited())
        return True

    async def _new_by_token(self, shown: _Shown) -> bool:
        webhook = self._webhook()
        if webhook is None:
            return False
        message = await webhook.send(**shown.sent(), wait=True)
        self.moved_to = message.id
        return True

    async def _new_by_channel(self, shown: _Shown) -> bool:
        try:
            message = await self._channel().send(**shown.sent())
        except discord.Forbidden:
            if shown.copy is None:
                raise
            message = await self._channel().send(**replace(shown, copy=None).sent())
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
    """Return when Discord answered, by the clock that also made the interaction's id."""
    try:
        return parsedate_to_datetime(error.response.headers["Date"]).timestamp()
    except (LookupError, ValueError):
        return time.time()
