"""Which roles of a guild may add notes, as its administrators choose them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import discord

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.settings.repository import FROM_DISCORD, GuildSettings
from bot.settings.texts import role_deleted, roles_changed

MOST_ROLES = 25
"""Our limit: as many as Discord's role picker can show (Component reference, Role Select)."""

_Edit = Callable[[frozenset[int]], frozenset[int]]


class DispatcherRoles:
    """Shows and changes a guild's dispatcher roles.

    Every change refuses like `SettingsCache.change`, and with GUILD_NOT_READY while the guild's
    roles are not known. Roles are returned highest first.
    """

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings

    def chosen(self, guild: discord.Guild) -> bool:
        """Whether the guild has a choice of its own; refuses like `SettingsCache.of`."""
        return self._settings.of(guild.id).role_ids is not None

    def current(self, guild: discord.Guild) -> list[discord.Role]:
        """Return the dispatcher roles that exist; refuses like a change and `SettingsCache.of`."""
        if not guild.roles:
            raise Refusal(SettingProblem.GUILD_NOT_READY)
        return _existing(guild, self._settings.dispatcher_roles(guild.id))

    async def choose(
        self, guild: discord.Guild, member_id: int, roles: Iterable[discord.Role]
    ) -> list[discord.Role]:
        """Make these the dispatcher roles and return them.

        Refuses with EVERYONE_ROLE, MANAGED_ROLE or TOO_MANY_ROLES, and changes nothing then.
        """
        ids = frozenset(_checked(role).id for role in roles)
        return await self._change(guild, member_id, lambda _: ids)

    async def add(
        self, guild: discord.Guild, member_id: int, role: discord.Role
    ) -> list[discord.Role]:
        """Add a dispatcher role and return all of them; refuses like `choose`."""
        added = _checked(role).id
        return await self._change(guild, member_id, lambda ids: ids | {added})

    async def remove(
        self, guild: discord.Guild, member_id: int, role: discord.Role
    ) -> list[discord.Role]:
        """Remove a dispatcher role and return the rest; refuses with NOT_DISPATCHER_ROLE."""

        def without(ids: frozenset[int]) -> frozenset[int]:
            if role.id not in ids:
                raise Refusal(SettingProblem.NOT_DISPATCHER_ROLE, role=role.name)
            return ids - {role.id}

        return await self._change(guild, member_id, without)

    async def forget(self, guild: discord.Guild, role: discord.Role) -> None:
        """Remove a role that was deleted in Discord from the guild's own list."""
        await self._forget(guild, lambda ids: ids - {role.id}, role_deleted(role.name))

    async def forget_missing(self, guild: discord.Guild) -> None:
        """Remove roles that no longer exist from the guild's own list; refuses like `forget`."""
        if not guild.roles:
            return
        existing = {role.id for role in guild.roles}
        await self._forget(guild, lambda ids: ids & existing, role_deleted())

    async def _forget(self, guild: discord.Guild, edit: _Edit, what: str) -> None:
        def forget(settings: GuildSettings) -> GuildSettings:
            if settings.role_ids is None:
                return settings
            return replace(settings, role_ids=edit(settings.role_ids))

        known = self._settings.of(guild.id)
        if forget(known) != known:
            await self._settings.change(guild.id, FROM_DISCORD, forget, lambda _, __: what)

    async def _change(
        self, guild: discord.Guild, member_id: int, edit: _Edit
    ) -> list[discord.Role]:
        if not guild.roles:
            raise Refusal(SettingProblem.GUILD_NOT_READY)

        def change(settings: GuildSettings) -> GuildSettings:
            known = self._settings.with_default_roles(settings)
            before = frozenset(role.id for role in _existing(guild, known))
            ids = edit(before)
            # The host's list may be longer; it may shrink step by step.
            if len(ids) > MOST_ROLES and not ids < before:
                raise Refusal(SettingProblem.TOO_MANY_ROLES, limit=MOST_ROLES)
            return replace(settings, role_ids=ids)

        def describe(_: GuildSettings, after: GuildSettings) -> str:
            roles = _existing(guild, after.role_ids or frozenset())
            return roles_changed([role.name for role in roles])

        settings = await self._settings.change(guild.id, member_id, change, describe)
        return _existing(guild, settings.role_ids or frozenset())


def _checked(role: discord.Role) -> discord.Role:
    if role.is_default():
        raise Refusal(SettingProblem.EVERYONE_ROLE)
    if role.managed:
        raise Refusal(SettingProblem.MANAGED_ROLE, role=role.name)
    return role


def _existing(guild: discord.Guild, ids: frozenset[int]) -> list[discord.Role]:
    found = (role for role_id in ids if (role := guild.get_role(role_id)))
    roles = (role for role in found if not role.is_default() and not role.managed)
    return sorted(roles, key=lambda role: role.position, reverse=True)
