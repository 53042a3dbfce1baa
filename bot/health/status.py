"""Gathers what `/callnote-config status` shows of one guild."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import discord

from bot.communities.connections import Connections
from bot.health import cad_texts, texts
from bot.health.lines import Line, status_content
from bot.health.probe import CadHealth, CadProbe
from bot.notes.log_channel import LogChannel, missing_permissions
from bot.outbox import HOST, FailureKind, OutboxWorker
from bot.settings.cache import SettingsCache
from bot.settings.dispatcher_roles import DispatcherRoles


@dataclass(eq=False, repr=False, slots=True)
class StatusReport:
    """The content of `/callnote-config status`; `database_line` tells how the database is."""

    cad_probe: CadProbe
    outbox: OutboxWorker
    settings: SettingsCache
    connections: Connections
    dispatcher_roles: DispatcherRoles
    log_channel: LogChannel
    database_line: Callable[[], Line]

    async def of(
        self, guild: discord.Guild, here: discord.Permissions, kind: discord.ChannelType
    ) -> str:
        """Return a guild's health check as a message's content, at most 2,000 characters.

        Of the CADs it tells of the guild's own alone, and refuses like `Connections.community_of`.
        `here` are Callnote's permissions in the channel of the command, which is of this `kind`;
        those of a thread are its channel's. However often it is called, it makes a few requests a
        minute to the CAD at most. Settings and roles are left out while they are not known.
        """
        outbox = self.outbox
        community = self.connections.community_of(guild.id)
        delivery = outbox.deliveries.of(community)
        problem, waiting = delivery.breaker.last_failure, len(delivery.queue)
        refusal, refused_at = delivery.sender.last_refusal or (None, None)
        about_access = refusal is not None and refusal.kind is FailureKind.CREDENTIALS
        health = await self.cad_probe.health(
            community,
            doubted=problem is not None and waiting > 0,
            contradicted=refused_at if about_access else None,
        )
        change = None
        if self.settings.known:
            await outbox.try_storage()
            if outbox.storage_trouble is None:
                change = await self.settings.last_change(guild.id)
        if community != self.connections.community_of(guild.id):  # connected elsewhere meanwhile
            return await self.of(guild, here, kind)
        lines = [
            *self._settings_lines(guild, health, own=community != HOST),
            texts.connection_line(self.connections.of(guild)),
            cad_texts.notes_line(
                problem, waiting, health.error, held_back=delivery.breaker.held_back
            ),
            *cad_texts.last_note_lines(refusal),
            cad_texts.rate_usage_line(delivery.rate_usage),
            texts.permissions_line(missing_permissions(here, kind)),
            self.database_line(),
            *texts.unreadable_lines(outbox.unreadable),
            texts.VERSION,
            *cad_texts.cad_details(health),
        ]
        return status_content(lines, None if change is None else texts.last_change(change))

    def _settings_lines(
        self, guild: discord.Guild, health: CadHealth, *, own: bool
    ) -> Iterator[Line]:
        if not self.settings.known:
            yield from cad_texts.cad_lines(health, None, chosen=False, own=own)
            yield texts.SETTINGS_UNKNOWN
            return
        settings = self.settings.of(guild.id)
        server_id = self.settings.server_id(guild.id)
        chosen = settings.server_id is not None
        yield from cad_texts.cad_lines(health, server_id, chosen=chosen, own=own)
        if not guild.roles:
            yield texts.GUILD_UNKNOWN
            return
        roles = [role.name for role in self.dispatcher_roles.current(guild)]
        yield texts.roles_line(roles, chosen=settings.role_ids is not None)
        if settings.role_ids is None and self.settings.default_is_everyone(guild.id):
            yield texts.everyone_line([guild.id])
        channel = self.log_channel
        yield texts.log_channel_line(
            channel.name_of(guild),
            channel.trouble(guild),
            gone=channel.gone(guild),
            unwritable=channel.unwritable(guild),
        )
        yield texts.unit_numbers_line(settings.unit_numbers)
        yield texts.cards_line(settings.call_cards)
