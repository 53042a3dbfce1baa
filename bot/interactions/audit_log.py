"""The log line for each command: who, where, which call, how it ended and how long it took."""

from __future__ import annotations

import logging

import discord

from bot.timing import loop_time

_log = logging.getLogger("callnote")
_STARTED = "started"
_CALL = "call"
_SETTING = "setting"


def begin(interaction: discord.Interaction) -> None:
    """Note when work on an interaction began."""
    interaction.extras[_STARTED] = loop_time()


def about_call(interaction: discord.Interaction, call_id: int) -> None:
    """Note which call an interaction is about."""
    interaction.extras[_CALL] = call_id


def about_settings(interaction: discord.Interaction) -> None:
    """Note that an interaction is about settings, not about a note."""
    interaction.extras[_SETTING] = True


def is_setting(interaction: discord.Interaction) -> bool:
    """Whether an interaction is about settings."""
    return _SETTING in interaction.extras


def outcome(
    interaction: discord.Interaction,
    result: str,
    *,
    level: int = logging.INFO,
    error: BaseException | None = None,
) -> None:
    """Write an interaction's one line, never a note's text, with the traceback of `error`."""
    started = interaction.extras.get(_STARTED, loop_time())
    _log.log(
        level,
        "guild=%s member=%d interaction=%d call=%s outcome=%s ms=%d",
        interaction.guild_id or "-",
        interaction.user.id,
        interaction.id,
        interaction.extras.get(_CALL, "-"),
        result,
        (loop_time() - started) * 1000,
        exc_info=error,
    )
