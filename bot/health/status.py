"""Gathers what `/callnote-config status` shows of one guild."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.communities.connections import Connections
from bot.health.cad_texts import (
    cad_details,
    cad_lines,
    notes_line,
)
from bot.health.lines import (
    Line,
    status_content,
)
from bot.health.probe import CadHealth, CadProbe
from bot.health.storage import StorageHealth
from bot.health.texts import (
    connection_line,
    guild_unknown_line,
    log_channel_line,
    permissions_line,
    roles_line,
    settings_unknown_line,
    storage_line,
    unreadable_lines,
    version_line,
)
from bot.notes.log_channel import LogChannel, missing_permissions
from bot.outbox import OutboxWorker
from bot.settings.cache import SettingsCache
from bot.settings.roles import DispatcherRoles


class StatusReport:
    """The content of `/callnote-config status`; `database_health` returns how the database is."""

    def __init__(
        self,
        cad_probe: CadProbe,
        outbox: OutboxWorker,
        settings: SettingsCache,
        connections: Connections,
        dispatcher_roles: DispatcherRoles,
        log_channel: LogChannel,
        *,
        database_health: Callable[[], StorageHealth],
    ) -> None:
        self._cad_probe = cad_probe
        self._outbox = outbox
        self._settings = settings
        self._connections = connections
        self._dispatcher_roles = dispatcher_roles
        self._log_channel = log_channel
        self._database_health = database_health

    async def of(self, guild: discord.Guild, here: discord.Permissions) -> str:
        """Return a guild's health check as a message's content, at most 2,000 characters.

        `here` are Callnote's permissions in the channel of the command. However often it is
        called, it makes a few requests a minute to the CAD at most. Settings and roles are left
        out while they are not known.
        """
        outbox = self._outbox
        problem, waiting = outbox.last_failure, len(outbox)
        health = await self._cad_probe.health(doubted=problem is not None and waiting > 0)
        change = None
        if self._settings.known:
            lines = self._settings_lines(guild, health)
            change = await self._settings.last_change(guild.id)
        else:
            lines = [*cad_lines(health, None, chosen=False), settings_unknown_line()]
        lines += [
            connection_line(self._connections.of(guild)),
            notes_line(problem, waiting, health.error, held_back=outbox.held_back),
            permissions_line(missing_permissions(here)),
            storage_line(self._database_health()),
            *unreadable_lines(outbox.unreadable),
            *cad_details(health),
            version_line(),
        ]
        return status_content(lines, change)

    def _settings_lines(self, guild: discord.Guild, health: CadHealth) -> list[Line]:
        settings = self._settings.of(guild.id)
        lines = cad_lines(
            health, self._settings.server_id(guild.id), chosen=settings.server_id is not None
        )
        if not guild.roles:
            return [*lines, guild_unknown_line()]
        log_channel = self._log_channel
        trouble = log_channel.trouble(guild)
        return [
            *lines,
            roles_line(
                [role.name for role in self._dispatcher_roles.current(guild)],
                chosen=settings.role_ids is not None,
            ),
            log_channel_line(log_channel.name_of(guild), trouble, gone=log_channel.gone(guild)),
        ]
