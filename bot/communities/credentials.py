"""The credentials that guilds' administrators entered: stored encrypted, cached in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, select

from bot.communities.schema import guild_credentials
from bot.sonoran import Credentials
from bot.storage import Database

if TYPE_CHECKING:
    from bot.communities.sealing import Sealer  # and cryptography with it

Write = Callable[[Connection, int], None]
"""Changes a guild's row within a change of its settings, whose version it is given."""


@dataclass(frozen=True, slots=True)
class StoredCredentials:
    """A guild's own credentials for a community; None for those that no key opens.

    `version` is that of the change of settings that stored them.
    """

    community: str
    credentials: Credentials | None
    version: int


@dataclass(eq=False, repr=False, slots=True)
class GuildCredentials:
    """What guilds' administrators entered; reading it never waits for the database.

    `sealer` is None without a CREDENTIALS_KEY: then no row can be opened, and none is written.
    `name` returns what a row's community is called in this process. `changed` is called with the
    communities of rows that have changed, after each change.
    """

    database: Database
    sealer: Sealer | None
    name: Callable[[str, Credentials | None], str]
    changed: Callable[[Collection[str]], None]
    _rows: dict[int, StoredCredentials] = field(default_factory=dict, init=False)
    _newest: dict[str, Credentials] = field(default_factory=dict, init=False)
    _written: dict[int, int] = field(default_factory=dict, init=False)
    """The versions of this process's own changes."""

    @property
    def all(self) -> Collection[StoredCredentials]:
        """Every guild's credentials."""
        return self._rows.values()

    def of_guild(self, guild_id: int) -> StoredCredentials | None:
        """Return what a guild's administrators entered, None if nothing."""
        return self._rows.get(guild_id)

    def newest(self, community: str) -> Credentials | None:
        """Return the credentials that were entered last for a community; None if there are none."""
        return self._newest.get(community)

    async def refresh(self, changed: Mapping[int, int] | None) -> None:
        """Read the rows of guilds whose settings changed, by their versions; all for None.

        Raises as `Database.run` does.
        """
        before = dict(self._written)
        rows = await self.database.run(_read, changed)
        found = await asyncio.to_thread(self._open, rows) if rows else {}
        if changed is None:
            self._written = {
                guild_id: version
                for guild_id, version in self._written.items()
                if version != before.get(guild_id)
            }
            every = {**dict.fromkeys(self._rows), **found}
            self._put({each: row for each, row in every.items() if each not in self._written})
            return
        # What was stored or deleted here meanwhile is newer than what was read.
        self._put(
            {
                guild_id: found.get(guild_id)
                for guild_id, version in changed.items()
                if self._written.get(guild_id, 0) <= version
            }
        )

    def writing(self, guild_id: int, community: str, credentials: Credentials) -> Write:
        """Return what stores a guild's credentials, along with a change of its settings."""
        if self.sealer is None:
            raise RuntimeError("there is no key to seal credentials with")
        sealed = self.sealer.seal(guild_id, community, credentials)

        def write(connection: Connection, version: int) -> None:
            _delete(guild_id, connection, version)
            row = {"guild_id": guild_id, "community": community, "sealed": sealed}
            connection.execute(guild_credentials.insert().values(**row, version=version))

        return write

    @staticmethod
    def deleting(guild_id: int) -> Write:
        """Return what deletes a guild's credentials, along with a change of its settings."""
        return partial(_delete, guild_id)

    def stored(self, guild_id: int, row: StoredCredentials) -> None:
        """Use from now on what was stored of a guild."""
        self._written[guild_id] = row.version
        self._put({guild_id: row})

    def deleted(self, guild_id: int, version: int) -> None:
        """Use a guild's credentials no more, which were deleted in this version."""
        self._written[guild_id] = version
        self._put({guild_id: None})

    def _open(self, rows: Sequence[Row[tuple[Any, ...]]]) -> dict[int, StoredCredentials]:
        found = {}
        for row in rows:
            opened = None
            if self.sealer is not None:
                opened = self.sealer.open(row.guild_id, row.community, row.sealed)
            name = self.name(row.community, opened)
            # A SQLite file that is damaged may have a version of another type.
            version = row.version if type(row.version) is int else 0
            found[row.guild_id] = StoredCredentials(name, opened, version)
        return found

    def _put(self, changes: Mapping[int, StoredCredentials | None]) -> None:
        before = [self._rows.pop(guild_id, None) for guild_id in changes]
        self._rows |= {guild_id: row for guild_id, row in changes.items() if row is not None}
        if changed := {row.community for row in (*before, *changes.values()) if row is not None}:
            by_age = sorted(self._rows.values(), key=lambda row: row.version)
            self._newest = {row.community: row.credentials for row in by_age if row.credentials}
            self.changed(changed)


def _read(
    connection: Connection, changed: Mapping[int, int] | None
) -> Sequence[Row[tuple[Any, ...]]]:
    query = select(guild_credentials)
    if changed is not None:
        query = query.where(guild_credentials.c.guild_id.in_(changed))
    return connection.execute(query).all()


def _delete(guild_id: int, connection: Connection, _version: int) -> None:
    connection.execute(delete(guild_credentials).where(guild_credentials.c.guild_id == guild_id))
