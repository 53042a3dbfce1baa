"""Connects guilds to a CAD and disconnects them, by what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.communities.credentials import StoredCredentials
from bot.communities.problems import ConnectionProblem
from bot.communities.registry import Communities
from bot.communities.trial import FoundCommunity
from bot.interactions.errors import Refusal
from bot.outbox import HOST
from bot.settings.cache import SettingsCache
from bot.settings.repository import GuildSettings
from bot.settings.texts import CONNECTED, DISCONNECTED, connected_to


@dataclass(eq=False, repr=False, slots=True)
class ConnectionChanges:
    """Stores how a guild is connected in its settings, in one transaction with its credentials.

    `member_id` is who wants it. Every method raises as `SettingsCache.change` does.
    """

    settings: SettingsCache
    communities: Communities

    async def connect(self, guild_id: int, member_id: int) -> None:
        """Connect a guild to the host's CAD, its own key deleted.

        Refuses with NO_HOSTS_CAD where the host has none.
        """
        if self.communities.host is None:
            raise Refusal(ConnectionProblem.NO_HOSTS_CAD)
        await self._delete_own(guild_id, member_id, CONNECTED, connected=True)

    async def connect_to(self, guild_id: int, member_id: int, found: FoundCommunity) -> None:
        """Connect a guild to a CAD of its own, or renew its key."""
        entered, community = self.communities.entered, found.community
        before = self.communities.name_of(guild_id)
        again = self.communities.of_guild(guild_id) == community
        settings = await self.settings.change(
            guild_id,
            member_id,
            lambda settings: _moved(settings, before, community),
            lambda _, __: connected_to(found.name, again=again),
            entered.writing(guild_id, community, found.credentials),
        )
        row = StoredCredentials(community, found.credentials, settings.version)
        entered.stored(guild_id, row)

    async def disconnect(self, guild_id: int, member_id: int) -> None:
        """Undo `connect` and `connect_to`, the key deleted; the host's settings may still hold."""
        await self._delete_own(guild_id, member_id, DISCONNECTED, connected=False)

    async def _delete_own(
        self, guild_id: int, member_id: int, what: str, *, connected: bool
    ) -> None:
        entered, before = self.communities.entered, self.communities.name_of(guild_id)
        settings = await self.settings.change(
            guild_id,
            member_id,
            lambda settings: replace(_moved(settings, before, HOST), connected=connected),
            lambda _, __: what,
            entered.deleting(guild_id),
        )
        entered.deleted(guild_id, settings.version)


def _moved(settings: GuildSettings, before: str, community: str) -> GuildSettings:
    """Return a guild's settings; one from another community gets CAD server 1, or the host's."""
    if before == community:
        return settings
    return replace(settings, server_id=None if community == HOST else 1)
