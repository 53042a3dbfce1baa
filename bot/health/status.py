"""Gathers what `/callnote-config status` shows of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.health.texts import (
    Line,
    cad_lines,
    connection_line,
    guild_unknown_line,
    log_channel_line,
    notes_line,
    permissions_line,
    roles_line,
    settings_unknown_line,
    status_content,
    storage_line,
    version_line,
)
from bot.interactions.errors import SettingsUnknownError
from bot.settings.log_channel import missing_permissions

if TYPE_CHECKING:
    from bot.app.client import CallnoteBot
    from bot.health.probe import CadHealth


async def status_of(bot: CallnoteBot, guild: discord.Guild, here: discord.Permissions) -> str:
    """Return a server's health check as a message's content, at most 2,000 characters.

    `here` is what Callnote may do in the channel of the command. It costs the CAD a few reads a
    minute at most, however often it is called. What the settings or the server's roles would
    tell is left out while they are not known.
    """
    problem, waiting = bot.outbox.last_failure, len(bot.outbox)
    health = await bot.cad_probe.health(doubted=problem is not None and waiting > 0)
    change = None
    try:
        lines = _settings_lines(bot, guild, health)
    except SettingsUnknownError:
        lines = [*cad_lines(health, None, chosen=False), settings_unknown_line()]
    else:
        change = await bot.settings.last_change(guild.id)
    lines += [
        connection_line(bot.connections.of(guild)),
        notes_line(problem, waiting, health.error, held_back=bot.outbox.held_back),
        permissions_line(missing_permissions(here)),
        storage_line(bot.supervisor.health),
        version_line(),
    ]
    return status_content(lines, change)


def _settings_lines(bot: CallnoteBot, guild: discord.Guild, health: CadHealth) -> list[Line]:
    settings = bot.settings.of(guild.id)
    lines = cad_lines(
        health, bot.settings.server_id(guild.id), chosen=settings.server_id is not None
    )
    if not guild.roles:
        return [*lines, guild_unknown_line()]
    trouble = bot.log_channel.trouble(guild) or bot.note_log.trouble(guild.id)
    return [
        *lines,
        roles_line(
            [role.name for role in bot.dispatcher_roles.current(guild)],
            chosen=settings.role_ids is not None,
        ),
        log_channel_line(bot.log_channel.name_of(guild), trouble, gone=bot.log_channel.gone(guild)),
    ]
