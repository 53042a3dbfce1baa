"""Acknowledges interactions and shows their answers within Discord's time limits."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar, cast

import aiohttp
import discord

from bot.interactions.discord_answers import (
    Verdict,
    is_about_content,
    is_final,
    retry_after,
    verdict_of,
)
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE
from bot.timing import Timing

ORIGINAL_MESSAGE = cast(int, "@original")
"""What Discord accepts in place of the id of an interaction's own message."""

_LONGEST_WAIT_SECONDS = 60.0  # for which somebody who asked would still wait
_RETRIES = 3

PRIVATE = "private"  # the key in an interaction's extras for whether it was acknowledged privately

ACKNOWLEDGED = "acknowledged"  # the same for whether it was, as far as discord.py does not know

# Discord API docs, Opcodes and Status Codes.
_ACKNOWLEDGED_ALREADY = 40060

_Answer = TypeVar("_Answer")


class NotAcknowledgedError(Exception):
    """Discord did not confirm our acknowledgement, so the command must not be carried out.

    Another instance of the bot may have acknowledged, as two are connected during a deploy, or the
    3 seconds were over. `reason` is what Discord said, for the log. `expired` means that nothing
    is left to do: the interaction is gone or handled. `elsewhere` means that the acknowledgement
    that Discord has is certainly not ours. `content` means that it refused what was to be shown.
    """

    def __init__(
        self, reason: str, *, expired: bool, elsewhere: bool = False, content: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired
        self.elsewhere = elsewhere
        self.content = content


_FILE = re.compile(r"/(?:ephemeral-)?attachments/")
"""How the address of a file begins, which Discord's content network serves."""


class _NoAnswerError(OSError):
    """Something else than Discord answered, or a first response met an error of Discord's."""


def answers_trace() -> aiohttp.TraceConfig:
    """Return what ends a request whose answer is of no use, for a client's `http_trace`.

    That is a page with a success, as of a proxy, which discord.py takes for Discord's; and an error
    of Discord's to a first response: discord.py would try it again after 1 and 4 s, and the
    interaction is lost after 3.
    """

    async def on_request_end(
        _session: object, _context: object, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        response = ended.response
        failed = response.status >= 500 and ended.url.path.endswith("/callback")
        success = 200 <= response.status < 300 and response.status != HTTPStatus.NO_CONTENT
        readable = response.content_type == "application/json" or _FILE.match(ended.url.path)
        if failed or (success and not readable):
            response.close()
            raise _NoAnswerError

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_request_end)
    return trace


async def confirmed(send: Callable[[], Awaitable[_Answer]], timing: Timing) -> _Answer | None:
    """Acknowledge by `send`, again while `timing.acknowledge` lasts, until Discord confirms it.

    Returns what `send` does, or None when Discord says to a repetition that it has been
    acknowledged: then an earlier one arrived. Raises `NotAcknowledgedError` when Discord refuses
    it, and when the time is over.
    """
    lost = False  # whether Discord may have what it did not confirm
    try:
        async with asyncio.timeout(timing.acknowledge):
            while True:
                pause = timing.acknowledge_again
                try:
                    return await send()
                except discord.HTTPException as error:
                    if lost and error.code == _ACKNOWLEDGED_ALREADY:
                        return None
                    pause = max(pause, retry_after(error))
                    if is_final(error) or pause > timing.acknowledge:
                        raise
                except (aiohttp.ClientError, OSError):
                    lost = True
                await asyncio.sleep(pause)
    except Exception as error:  # whatever it is, the confirmation is missing
        raise _not_acknowledged(error, lost=lost) from None


def _not_acknowledged(error: Exception, *, lost: bool) -> NotAcknowledgedError:
    code = error.code if isinstance(error, discord.HTTPException) else None
    already = code == _ACKNOWLEDGED_ALREADY
    return NotAcknowledgedError(
        reason_of(error),
        expired=code is not None and not already and not lost,
        elsewhere=already and not lost,
        content=not already and is_about_content(error),
    )


def files_of(attachment: str | None) -> list[discord.File]:
    """Return the file with a text that a message gives back; discord.py closes one once sent."""
    if attachment is None:
        return []
    return [discord.File(io.BytesIO(attachment.encode("utf-8", "replace")), "note.txt")]


async def edit_placeholder(
    interaction: discord.Interaction,
    content: str,
    view: discord.ui.View | None,
    pause: float,
    sleep: Callable[[float], Awaitable[bool]],
    attachment: str | None,
) -> None:
    """Edit the placeholder, again after a pause in seconds, or send a follow-up message instead.

    `attachment` is a text to attach. discord.py itself retries after server errors, but not where
    the connection broke; the placeholder may have been deleted. The pauses double, and a longer one
    that Discord asks for is kept to; `sleep` returns False if there is no time for it. Raises what
    Discord answers to a content that it refuses, and what the last try met.
    """
    failures, broken = 0, False
    while True:
        try:
            files = files_of(attachment) or discord.utils.MISSING
            await interaction.edit_original_response(content=content, view=view, attachments=files)
        except discord.HTTPException as error:
            verdict, failures = verdict_of(error), failures + 1
            if verdict is Verdict.MESSAGE_GONE:
                break
            if verdict is Verdict.CONTENT and error.status < 500:
                raise
            if error.status >= 500 and failures > 1:
                raise  # the edit may have been made, and one answer is enough
            wait = max(pause, retry_after(error))
            if wait > _LONGEST_WAIT_SECONDS:
                raise
            if failures > _RETRIES or not await sleep(wait):
                if broken:
                    raise  # likewise
                break
            pause *= 2
        except (aiohttp.ClientError, OSError):
            failures, broken = failures + 1, True
            if failures > _RETRIES or not await sleep(pause):
                raise  # likewise
            pause *= 2
        else:
            return
    await _follow_up(interaction, content, view, attachment)


async def _follow_up(
    interaction: discord.Interaction,
    content: str,
    view: discord.ui.View | None,
    attachment: str | None,
) -> None:
    private = interaction.extras.get(PRIVATE, False)
    if interaction.message is not None:
        private = interaction.message.flags.ephemeral
    await interaction.followup.send(
        content, view=view or discord.utils.MISSING, files=files_of(attachment), ephemeral=private
    )


async def close_if_forgotten(interaction: discord.Interaction, content: str) -> bool | None:
    """If the placeholder still says "thinking", make it `content`; returns whether it did.

    For a command whose acknowledgement Discord did not confirm: ours may have been accepted all
    the same, or the instance that acknowledged was killed. Returns None when Discord cannot be
    asked now; never raises for failures of Discord or the network.
    """
    try:
        # Not `original_response`, which caches its first result.
        message = await interaction.followup.fetch_message(ORIGINAL_MESSAGE)
        if not message.flags.loading:
            return False
        await interaction.followup.edit_message(ORIGINAL_MESSAGE, content=content)
    except discord.HTTPException as error:
        return False if is_final(error) else None
    except (*DISCORD_FAILURES, *UNREADABLE):
        return None
    return True


def reason_of(error: Exception) -> str:
    """Describe an error from a request to Discord, for the log."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}, code {error.code}"
    if isinstance(error, NotAcknowledgedError):
        return error.reason
    return type(error).__name__
