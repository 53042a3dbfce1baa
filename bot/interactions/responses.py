"""Acknowledges interactions and shows their answers, within Discord's windows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import cast

import discord

from bot.interactions.failures import DISCORD_FAILURES
from bot.timing import Timing, loop_time

_PRIVATE = "private"
_ORIGINAL = cast(int, "@original")  # which Discord takes in the place of a message's id

_ACKNOWLEDGED_ALREADY = 40060  # Discord API docs, Opcodes and Status Codes
_FIRST_RETRY_SECONDS = 1.0  # after which discord.py sends a response again

_log = logging.getLogger(__name__)


class NotAcknowledgedError(Exception):
    """Discord did not confirm our acknowledgement, so the command must not be carried out.

    Another instance of the bot may have answered, as two are connected during a deploy, or the
    three seconds were over. `reason` names what Discord said, for the log; `expired` tells that
    there is nothing left to see to: the interaction is gone, or somebody sees to it already.
    `elsewhere` tells that the acknowledgement that Discord has is certainly not ours.
    """

    def __init__(self, reason: str, *, expired: bool, elsewhere: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired
        self.elsewhere = elsewhere


@contextlib.asynccontextmanager
async def confirmation(timing: Timing) -> AsyncIterator[None]:
    """Let the block acknowledge an interaction and get Discord's confirmation.

    Raises `NotAcknowledgedError` for whatever the block raises, and unless it ends within
    `timing.acknowledge`.
    """
    began = loop_time()
    try:
        async with asyncio.timeout(timing.acknowledge):
            yield
    except Exception as error:  # whatever it was, the confirmation is missing
        already = isinstance(error, discord.HTTPException) and error.code == _ACKNOWLEDGED_ALREADY
        raise NotAcknowledgedError(
            reason_of(error),
            expired=isinstance(error, discord.NotFound),
            # Later it may be ours, sent again because the confirmation was lost.
            elsewhere=already and loop_time() - began < _FIRST_RETRY_SECONDS,
        ) from None


async def acknowledge(
    interaction: discord.Interaction, timing: Timing, *, private: bool = False
) -> None:
    """Show that the command is being worked on, to everybody or privately to the member alone.

    A press of a button or a choice shows nothing: its answer takes the message's place. Raises
    `NotAcknowledgedError` unless Discord confirmed this within `timing.acknowledge`.
    """
    interaction.extras[_PRIVATE] = private
    async with confirmation(timing):
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer()
        else:
            await interaction.response.defer(thinking=True, ephemeral=private)


async def respond(
    interaction: discord.Interaction,
    content: str,
    timing: Timing,
    *,
    view: discord.ui.View | None = discord.utils.MISSING,
) -> bool:
    """Show `content` as the command's one answer; returns whether Discord took it.

    After an acknowledgement the placeholder becomes the answer, else it is a message that only
    the member sees. `view` is what can be pressed below it; None takes away what is there. Never
    raises for what Discord or the network does.
    """
    try:
        if interaction.response.is_done():
            await _edit(interaction, content, view, timing.edit_again)
        else:
            async with asyncio.timeout(timing.acknowledge):
                await interaction.response.send_message(
                    content, view=view or discord.utils.MISSING, ephemeral=True
                )
    except ValueError:
        pass  # Discord took it and described the message in a way that could not be read
    except DISCORD_FAILURES as error:
        _log.warning("interaction=%d answer failed: %s", interaction.id, reason_of(error))
        return False
    return True


async def _edit(
    interaction: discord.Interaction, content: str, view: discord.ui.View | None, pause: float
) -> None:
    """Edit the placeholder, trying again after a pause and then with a message of its own.

    discord.py itself tries again after server errors; somebody may have deleted the placeholder.
    """
    try:
        await interaction.edit_original_response(content=content, view=view)
    except discord.NotFound:
        await _follow_up(interaction, content, view)
    except discord.HTTPException:
        await asyncio.sleep(pause)
        try:
            await interaction.edit_original_response(content=content, view=view)
        except discord.DiscordServerError:
            raise  # the edit may have landed, and one answer is enough
        except discord.HTTPException:
            await _follow_up(interaction, content, view)


async def _follow_up(
    interaction: discord.Interaction, content: str, view: discord.ui.View | None
) -> None:
    private = interaction.extras.get(_PRIVATE, False)
    if interaction.message is not None:
        private = interaction.message.flags.ephemeral
    await interaction.followup.send(content, view=view or discord.utils.MISSING, ephemeral=private)


async def close_if_forgotten(interaction: discord.Interaction, content: str) -> bool | None:
    """If the placeholder still says "thinking", make it `content`; returns whether it did.

    For a command that we did not acknowledge ourselves as far as we know: an acknowledgement of
    ours may have landed with its confirmation lost, or the instance that answered was killed.
    Returns None when Discord told nothing, so that another try may; never raises for what Discord
    or the network does.
    """
    try:
        # Not `original_response`, which remembers what it was told the first time.
        message = await interaction.followup.fetch_message(_ORIGINAL)
        if not message.flags.loading:
            return False
        await interaction.followup.edit_message(_ORIGINAL, content=content)
    except discord.HTTPException as error:
        return None if error.status == 429 or error.status >= 500 else False
    except DISCORD_FAILURES:
        return None
    return True


def reason_of(error: Exception) -> str:
    """Return what a request to Discord ended with, for the log."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}, code {error.code}"
    return type(error).__name__
