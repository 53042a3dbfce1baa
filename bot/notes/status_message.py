"""Shows a note in its Discord message, in whichever way still works.

For 15 minutes that is the interaction's token, which needs no permission; after that it is an
ordinary message of the bot's (discord/discord-api-docs, discussion 3090).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

import discord

from bot.interactions.discord_answers import (
    EXPIRED_TOKEN,
    RouteDelays,
    Verdict,
    verdict_of,
    was_taken,
)
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE
from bot.interactions.responses import ORIGINAL_MESSAGE, files_of
from bot.outbox import NoteRecord
from bot.timing import Timing, loop_time


class EditResult(Enum):
    """The result of an attempt to show a note in its message, or to find that message."""

    DONE = auto()
    RETRY = auto()  # Discord did not accept or tell it now; another attempt may succeed
    HIDDEN = auto()  # no way is left unless the bot gets a permission in the channel
    GAVE_UP = auto()  # no way is left to show it, or there is no such message


@dataclass(frozen=True, slots=True)
class _Form:
    """What a message is to show, as arguments of discord.py, of which a file serves once."""

    content: str
    view: discord.ui.View | None
    attachment: str | None = None

    def edited(self) -> dict[str, Any]:
        return {"content": self.content, "view": self.view, "attachments": self._files()}

    def sent(self) -> dict[str, Any]:
        view = self.view or discord.utils.MISSING
        return {"content": self.content, "view": view, "files": self._files()}

    def _files(self) -> list[discord.File]:
        return files_of(self.attachment)


_Way = Callable[[_Form], Awaitable[bool]]
"""Sends a form; returns False where this way does not exist."""


class StatusMessage:
    """The message of one note, shown through one client.

    `delays` are those that earlier requests were asked for.
    """

    def __init__(
        self, client: discord.Client, record: NoteRecord, *, delays: RouteDelays, timing: Timing
    ) -> None:
        self._client = client
        self._record = record
        self._delays = delays
        self._acknowledged_at_latest = timing.acknowledged_at_latest
        self.moved_to: int | None = None  # the id of the new message when the old one was gone
        self.token_over = False
        """Whether the token is gone, or Discord said that it does not work any more."""
        self.retry_in = 0.0
        """After RETRY, the seconds before which another attempt cannot succeed."""

    async def find(self) -> tuple[EditResult, int | None]:
        """Find out whether the interaction was acknowledged and still shows its placeholder.

        Returns DONE with the message's id if so, GAVE_UP when there is none and never will be, or
        it already shows something else, and RETRY when Discord has to be asked again. With
        GAVE_UP and `token_over` nobody can know.
        """
        webhook = self._webhook()
        if webhook is None:
            self.token_over = self._record.token is None
            return EditResult.GAVE_UP, None
        if self._delays.left(RouteDelays.WEBHOOKS):
            return self._retry({RouteDelays.WEBHOOKS: Verdict.BLOCKED}), None
        began = loop_time()
        try:
            message = await webhook.fetch_message(ORIGINAL_MESSAGE)
        except discord.HTTPException as error:
            return self._not_found(error, loop_time() - began), None
        except (*DISCORD_FAILURES, *UNREADABLE, RuntimeError):  # or the client was closed
            return EditResult.RETRY, None
        if message.flags.loading and not message.flags.ephemeral:
            return EditResult.DONE, message.id
        return EditResult.GAVE_UP, None

    def _not_found(self, error: discord.HTTPException, took: float) -> EditResult:
        self._delays.record(RouteDelays.WEBHOOKS, error)
        if verdict_of(error) not in (Verdict.MESSAGE_GONE, Verdict.TOKEN_OVER):
            return EditResult.RETRY
        if error.code == EXPIRED_TOKEN:
            self.token_over = True
            return EditResult.GAVE_UP
        made = discord.utils.snowflake_time(self._record.id).timestamp()
        # What Discord found out it may have told only much later.
        over = _answered_at(error) - took - made > self._acknowledged_at_latest
        return EditResult.GAVE_UP if over else EditResult.RETRY

    async def close(self, content: str) -> None:
        """Replace a private question by `content` without buttons, if it can be reached."""
        webhook = self._webhook()
        if webhook is not None and not self._delays.left(RouteDelays.WEBHOOKS):
            with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
                await webhook.edit_message(ORIGINAL_MESSAGE, content=content, view=None)

    async def show(
        self,
        content: str,
        view: discord.ui.View | None,
        attachment: str | None = None,
        *,
        plain: str,
    ) -> EditResult:
        """Show `content` with the components of `view` and the text `attachment` as a file.

        What Discord refuses for its content is shown without the attachment, or else as `plain`,
        which has no text of the note's. A deleted message is replaced by a new one. Never raises
        for failures of Discord or the network.
        """
        forms = _forms(content, view, attachment, plain)
        by_token = await self._send(self._by_token, RouteDelays.WEBHOOKS, forms, edits=True)
        by_channel = Verdict.NO_WAY
        if by_token not in (Verdict.TAKEN, Verdict.UNREACHABLE):
            by_channel = await self._send(self._by_channel, RouteDelays.CHANNELS, forms, edits=True)
        match by_token, by_channel:
            case (Verdict.TAKEN, _) | (_, Verdict.TAKEN):
                return EditResult.DONE
            case (Verdict.UNREACHABLE, _) | (_, Verdict.UNREACHABLE):
                return EditResult.RETRY
            case (Verdict.MESSAGE_GONE, _) | (_, Verdict.MESSAGE_GONE):
                pass
            case (Verdict.LATER | Verdict.BLOCKED, _) | (_, Verdict.LATER | Verdict.BLOCKED):
                return self._retry(
                    {RouteDelays.WEBHOOKS: by_token, RouteDelays.CHANNELS: by_channel}
                )
            case (Verdict.NO_WAY | Verdict.TOKEN_OVER, Verdict.NO_ACCESS):
                return EditResult.HIDDEN  # a new message would leave the old one, perhaps seen
        return await self._send_new(forms, by_token=True)

    async def post(self, content: str, attachment: str | None, *, plain: str) -> EditResult:
        """Show `content` in a new message, for a note whose own cannot be found; like `show`."""
        return await self._send_new(_forms(content, None, attachment, plain), by_token=False)

    async def _send_new(self, forms: Sequence[_Form], *, by_token: bool) -> EditResult:
        """Send a new message: through the channel if possible, as only there it has a nonce."""
        ways = [(self._new_by_channel, RouteDelays.CHANNELS)]
        if by_token:
            ways.append((self._new_by_token, RouteDelays.WEBHOOKS))
        met = {}
        for way, route in ways:
            met[route] = await self._send(way, route, forms)
            match met[route]:
                case Verdict.TAKEN:
                    return EditResult.DONE
                case Verdict.UNREACHABLE | Verdict.LATER:  # perhaps it was taken
                    return EditResult.RETRY
        if Verdict.BLOCKED in met.values():
            return self._retry(met)
        return EditResult.HIDDEN if Verdict.NO_ACCESS in met.values() else EditResult.GAVE_UP

    def _retry(self, met: Mapping[str, Verdict]) -> EditResult:
        """Note when the first of the routes that may lead on is open again."""
        again = (Verdict.LATER, Verdict.BLOCKED)
        self.retry_in = min(self._delays.left(each) for each in met if met[each] in again)
        return EditResult.RETRY

    async def _send(
        self, way: _Way, route: str, forms: Sequence[_Form], *, edits: bool = False
    ) -> Verdict:
        """Send in one way the first of the forms that Discord takes."""
        if self._delays.left(route):
            return Verdict.BLOCKED
        verdict, failed = Verdict.NO_WAY, False
        for form in forms:
            try:
                if not await way(form):
                    return Verdict.NO_WAY
            except discord.HTTPException as error:
                self._delays.record(route, error)
                verdict = verdict_of(error)
                if route == RouteDelays.WEBHOOKS and verdict is Verdict.TOKEN_OVER:
                    self.token_over = True
                may_be_file = verdict is Verdict.NO_ACCESS or error.status in (400, 413)
                if verdict is not Verdict.CONTENT and (form.attachment is None or not may_be_file):
                    return verdict
                failed |= error.status >= 500
                verdict = Verdict.REFUSED if error.code else Verdict.LATER
            except UNREADABLE as error:
                return Verdict.TAKEN if was_taken(error) else Verdict.LATER
            except DISCORD_FAILURES:
                return Verdict.UNREACHABLE
            else:
                if failed and edits:  # perhaps Discord was out of order, not the text
                    with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
                        await way(forms[0])
                return Verdict.TAKEN
        return verdict

    async def _by_token(self, form: _Form) -> bool:
        webhook, message_id = self._webhook(), self._record.message_id
        if webhook is None:
            return False
        try:
            await webhook.edit_message(ORIGINAL_MESSAGE, **form.edited())
        except discord.NotFound as error:
            if message_id is None or verdict_of(error) is not Verdict.MESSAGE_GONE:
                raise
            # A message that replaced a deleted one may be a follow-up of the same interaction.
            await webhook.edit_message(message_id, **form.edited())
        return True

    async def _by_channel(self, form: _Form) -> bool:
        if self._record.message_id is None:
            return False
        message = self._channel().get_partial_message(self._record.message_id)
        try:
            await message.edit(**form.edited())
        except discord.HTTPException as error:
            if verdict_of(error) is not Verdict.ARCHIVED:
                raise
            thread = await self._client.fetch_channel(self._record.channel_id)
            if not isinstance(thread, discord.Thread):
                raise
            await thread.edit(archived=False)
            await message.edit(**form.edited())
        return True

    async def _new_by_token(self, form: _Form) -> bool:
        webhook = self._webhook()
        if webhook is None:
            return False
        message = await webhook.send(**form.sent(), wait=True)
        self.moved_to = message.id
        return True

    async def _new_by_channel(self, form: _Form) -> bool:
        nonce = f"{self._record.id:x}-{self._record.revision}"
        message = await self._channel().send(**form.sent(), nonce=nonce)
        self.moved_to = message.id
        return True

    def _webhook(self) -> discord.Webhook | None:
        token, application = self._record.token, self._client.application_id
        if token is None or application is None or self.token_over:
            return None
        return discord.Webhook.partial(application, token, client=self._client)

    def _channel(self) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(
            self._record.channel_id, guild_id=self._record.guild_id
        )


def _forms(
    content: str, view: discord.ui.View | None, attachment: str | None, plain: str
) -> list[_Form]:
    """Return what may be shown, the best first."""
    forms = [] if attachment is None else [_Form(content, view, attachment)]
    return [*forms, _Form(content, view), _Form(plain, view)]


def _answered_at(error: discord.HTTPException) -> float:
    """Return when Discord answered, by the clock that also made the interaction's id."""
    try:
        return parsedate_to_datetime(error.response.headers["Date"]).timestamp()
    except (LookupError, ValueError):
        return time.time()
