"""Remembers which guilds removed the bot, and deletes what is stored of them after 30 days."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Select, Table, delete, func, select, union

from bot.communities.schema import departures, guild_credentials
from bot.outbox.schema import is_waiting, notes
from bot.settings.cache import SettingsCache
from bot.settings.schema import guild_settings, setting_changes
from bot.storage import NOW, Database
from bot.storage.batches import batch_of, delete_batch

KEPT_SECONDS = 30 * 86_400.0
"""How long the data of a guild is kept that removed the bot, in case it adds the bot again."""

_log = logging.getLogger(__name__)


def _guilds_with_notes() -> Select[int]:
    """Return a query for the guilds that have notes: a step in the index for each, not a scan."""
    guild_id = notes.c.guild_id
    steps = select(func.min(guild_id).label("guild_id")).cte("steps", recursive=True)
    following = select(func.min(guild_id)).where(guild_id > steps.c.guild_id).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.guild_id.is_not(None)))
    return select(steps.c.guild_id).where(steps.c.guild_id.is_not(None))


_IS_OVER = departures.c.left_at < NOW - KEPT_SECONDS


class Departures:
    """The guilds of which something is stored that the bot is not in any more.

    `in_guild` tells whether the bot is in a guild, None while that is not known. `others` are
    further tables of what is stored of guilds, with a column `guild_id`. Methods raise as
    `Database.run` does.
    """

    def __init__(
        self,
        database: Database,
        settings: SettingsCache,
        in_guild: Callable[[int], bool | None],
        others: Sequence[Table],
    ) -> None:
        self._database = database
        self._settings = settings
        self._in_guild = in_guild
        # The settings last: once they are gone, every process reads all settings and credentials.
        self._tables = (*others, setting_changes, guild_credentials, guild_settings)
        # The guilds of which something is stored.
        self._held = union(
            _guilds_with_notes(), *(select(table.c.guild_id) for table in self._tables)
        )

    async def review(self) -> list[int]:
        """Store which guilds the bot has left since the last review, and that it is back in others.

        Returns the ids of those whose data is to be deleted.
        """
        held, departed = await self._database.run(self._read)
        gone = {each for each in held if self._in_guild(each) is False}
        ended = {each for each in departed if each not in held or self._in_guild(each)}
        self._settings.notice_deletions(held)
        if new := gone - departed.keys():
            rows = [{"guild_id": guild_id, "left_at": NOW} for guild_id in new]
            await self._database.execute(
                self._database.insert(departures).values(rows).on_conflict_do_nothing()
            )
        if ended:
            await self._database.execute(delete(departures).where(departures.c.guild_id.in_(ended)))
        return [guild_id for guild_id, over in departed.items() if over and guild_id in gone]

    async def purge(self) -> int:
        """Review, then delete a batch of rows of a guild that the bot left 30 days ago.

        Returns how many rows, 0 at the end. Notes that still wait are left to the outbox, which
        withdraws them.
        """
        for guild_id in await self.review():
            if self._in_guild(guild_id) is not False:
                continue
            if count := await self._database.run(self._delete, guild_id):
                _log.info("guild=%d left 30 days ago, %d of its rows are deleted", guild_id, count)
                return count
        return 0

    def _read(self, connection: Connection) -> tuple[set[int], dict[int, bool]]:
        """Return the guilds of which something is stored, and those left, with whether long ago."""
        query = select(departures.c.guild_id, _IS_OVER).order_by(departures.c.left_at)
        # First, as another process removes these when nothing of the guild is stored any more.
        departed = {guild_id: bool(over) for guild_id, over in connection.execute(query)}
        # A SQLite file that is damaged may have ids of other types.
        held = {each for each in connection.scalars(self._held) if type(each) is int}
        return held, departed

    def _delete(self, connection: Connection, guild_id: int) -> int:
        # Locked until the commit: another process may be removing the row, as the bot is back.
        departure = select(departures.c.guild_id).where(departures.c.guild_id == guild_id, _IS_OVER)
        if connection.scalar(departure.with_for_update()) is None:
            return 0
        batches = (batch_of(table, table.c.guild_id == guild_id) for table in self._tables)
        finished = batch_of(notes, (notes.c.guild_id == guild_id) & ~is_waiting())
        for batch in (finished, *batches):
            if count := delete_batch(connection, batch):
                return count
        return 0
