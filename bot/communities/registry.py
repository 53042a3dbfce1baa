"""The communities that this process serves: whose each guild is, and the client of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from bot.communities.credentials import GuildCredentials
from bot.idle_cache import IdleCache
from bot.outbox import HOST
from bot.sonoran import Credentials, SonoranClient
from bot.storage import Database
from bot.timing import Timing

if TYPE_CHECKING:
    from bot.communities.sealing import Sealer

_log = logging.getLogger(__name__)


class Communities:
    """One client for each community, with the credentials in force.

    Those are the host's for the community in its settings, and else those that a guild's
    administrator entered last; `entered` are these. `host` is None for a bot without a community of
    the host's. `new_client` makes a client with credentials or without. `keep_secret` is called
    with the API keys that are read or stored.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer | None,
        *,
        host: Credentials | None,
        new_client: Callable[[Credentials | None], SonoranClient],
        keep_secret: Callable[[Iterable[str]], None],
        timing: Timing,
    ) -> None:
        self.host = host
        self.entered = GuildCredentials(database, sealer, name=self._name, changed=self._changed)
        self._host_client = new_client(host)
        self._keep_secret = keep_secret
        self._clients: IdleCache[str, SonoranClient] = IdleCache(
            lambda community: new_client(self._in_force(community)), timing.keep_idle_community
        )
        self._told_sealed = False

    @property
    def accepts_new(self) -> bool:
        """Whether administrators can enter credentials, which are only stored encrypted."""
        return self.entered.sealer is not None

    def of_guild(self, guild_id: int) -> str | None:
        """Return the community for which a guild has credentials of its own; None without any."""
        row = self.entered.of_guild(guild_id)
        return None if row is None else row.community

    def name_of(self, guild_id: int) -> str:
        """Return the community whose CAD a guild's notes are for, HOST without any of its own."""
        return self.of_guild(guild_id) or HOST

    def current(self, guild_id: int) -> bool:
        """Whether the API key that a guild has is the one in force for its community."""
        row = self.entered.of_guild(guild_id)
        if row is None or row.credentials is None:
            return False
        in_force = self._in_force(row.community)
        return in_force is not None and in_force.api_key == row.credentials.api_key

    @property
    def sealed_count(self) -> int:
        """How many guilds' credentials no key opens."""
        return sum(row.credentials is None for row in self.entered.all)

    def client(self, community: str) -> SonoranClient:
        """Return a community's client, made when first needed and dropped when idle."""
        return self._host_client if community == HOST else self._clients.get(community)

    async def refresh(self, changed: Mapping[int, int] | None) -> None:
        """Read the credentials of guilds whose settings changed; see `GuildCredentials.refresh`."""
        await self.entered.refresh(changed)
        if changed is None and not self._told_sealed and (count := self.sealed_count):
            self._told_sealed = True
            _log.error(
                "the API keys of %d servers cannot be decrypted, so nothing reaches their CADs: "
                "add the key that they were stored with to CREDENTIALS_KEY",
                count,
            )

    def _in_force(self, community: str) -> Credentials | None:
        return self.host if community == HOST else self.entered.newest(community)

    def _name(self, community: str, credentials: Credentials | None) -> str:
        """Return what a stored community is called: HOST if it is the host's by its key or id."""
        host = self.host
        if host is None:
            known = "" if credentials is None else credentials.community_id.casefold()
            return community or known
        same_key = credentials is not None and credentials.api_key == host.api_key
        same_id = host.community_id.casefold() == community
        return HOST if same_key or same_id else community

    def _changed(self, communities: Collection[str]) -> None:
        self._keep_secret(
            row.credentials.api_key
            for row in self.entered.all
            if row.credentials is not None and row.community in communities
        )
        for community in communities:
            client = None if community == HOST else self._clients.existing(community)
            if client is not None:
                client.renew(self._in_force(community))
