"""Reads and changes each guild's settings, and records who changed them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, delete, select, update

from bot.settings.schema import guild_settings, setting_changes, settings_version
from bot.storage import NOW, Database
from bot.storage.batches import batch_of, delete_batch
from bot.storage.tables import counted

KEPT_CHANGES = 100
"""How many of a guild's changes are kept at most."""

CHANGES_SECONDS = 365 * 86_400.0
"""How long a change is kept at most."""

# Built once, as they run every few seconds.
_LATEST = select(settings_version.c.value, guild_settings).outerjoin_from(
    settings_version, guild_settings, guild_settings.c.version == settings_version.c.value
)
_CHANGED_SINCE = (
    select(guild_settings)
    .where(guild_settings.c.version > bindparam("known", type_=BigInteger))
    .order_by(guild_settings.c.version)
)

# All but the newest, to which the change in the same transaction is added.
_NEWEST_TOO_MANY = (
    select(setting_changes.c.id)
    .where(setting_changes.c.guild_id == bindparam("guild"))
    .order_by(setting_changes.c.id.desc())
    .offset(KEPT_CHANGES - 1)
    .limit(1)
    .scalar_subquery()
)
_TOO_MANY = delete(setting_changes).where(
    setting_changes.c.guild_id == bindparam("guild"), setting_changes.c.id <= _NEWEST_TOO_MANY
)

Along = Callable[[Connection, int], None]
"""Changes what other parts store with a guild's settings, given the change's version."""

_TYPES = {column.name: column.type.python_type for column in guild_settings.columns}

_log = logging.getLogger(__name__)

FROM_DISCORD = 0
"""The member id of a change that no member made, such as after a role was deleted."""


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What a guild has chosen, else the defaults. Each field is a column of that name.

    None is what it never chose. `connected` is True after `/callnote-config connect`, False after
    `disconnect`. `unit_numbers` says whether notes bear their members' unit numbers, `call_cards`
    whether calls' cards may be kept in channels. `version` grows with every change of any guild's
    settings, and is 0 before the first.
    """

    guild_id: int
    role_ids: frozenset[int] | None = None
    server_id: int | None = None
    log_channel_id: int | None = None
    connected: bool | None = None
    unit_numbers: bool = True
    call_cards: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One change: the member's id or `FROM_DISCORD`, when in seconds since 1970, and what."""

    member_id: int
    changed_at: float
    what: str


class SettingsRepository:
    """Reads and changes settings. Every method raises as `Database.run` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self) -> tuple[int, tuple[Any, ...] | None]:
        """Return the version of the last change of any guild's settings, and that guild's row.

        They are 0 and None before the first change; the row of a guild whose settings were deleted
        is None, too. The version falls, or has another row, only when the database has become
        older, by a failover or a restored backup.
        """
        found = await self._database.run(lambda c: c.execute(_LATEST).first())
        version, guild_id, *rest = found or (None, None)
        return counted(version), None if guild_id is None else (guild_id, *rest)

    async def changed_since(self, version: int) -> list[GuildSettings]:
        """Return the settings changed after `version`, in the order of their changes; 0 for all.

        A later call with the last one's version misses no change of any process.
        """
        known = {"known": version}
        rows = await self._database.run(lambda c: c.execute(_CHANGED_SINCE, known).all())
        return [_settings(row) for row in rows if type(row.guild_id) is int]

    async def change(
        self,
        guild_id: int,
        member_id: int,
        edit: Callable[[GuildSettings], GuildSettings],
        describe: Callable[[GuildSettings, GuildSettings], str],
        along: Along | None = None,
    ) -> GuildSettings:
        """Apply `edit` to a guild's settings and return the new ones.

        `describe` words the change from the old to the new settings. The change is atomic, across
        processes too; of a guild's changes the last `KEPT_CHANGES` are kept. An edit that changes
        nothing writes nothing, unless something is changed `along`; an exception from any of these
        functions undoes the change and is raised. They run in the database's thread, perhaps more
        than once, and must not touch shared state.
        """
        return await self._database.run(self._change, guild_id, member_id, edit, describe, along)

    def _change(
        self,
        connection: Connection,
        guild_id: int,
        member_id: int,
        edit: Callable[[GuildSettings], GuildSettings],
        describe: Callable[[GuildSettings, GuildSettings], str],
        along: Along | None,
    ) -> GuildSettings:
        # Locked until the commit, this row serializes the changes of all processes.
        latest = counted(connection.scalar(select(settings_version.c.value).with_for_update()))
        same = guild_settings.c.guild_id == guild_id
        row = connection.execute(select(guild_settings).where(same)).one_or_none()
        before = GuildSettings(guild_id) if row is None else _settings(row)
        after = replace(edit(before), guild_id=guild_id, version=before.version)
        if after == before and along is None:
            return before
        after = replace(after, version=latest + 1)
        connection.execute(update(settings_version).values(value=after.version))
        if row is None:
            connection.execute(guild_settings.insert().values(_values(after)))
        else:
            connection.execute(update(guild_settings).where(same).values(_values(after)))
        if along is not None:
            along(connection, after.version)
        connection.execute(_TOO_MANY, {"guild": guild_id})
        connection.execute(
            setting_changes.insert().values(
                guild_id=guild_id,
                member_id=member_id,
                changed_at=NOW,
                what=describe(before, after),
            )
        )
        return after

    async def purge(self) -> int:
        """Delete a batch of the changes of more than a year ago; returns how many, 0 at the end."""
        old = setting_changes.c.changed_at < NOW - CHANGES_SECONDS
        return await self._database.run(delete_batch, batch_of(setting_changes, old))

    async def changes(self, guild_id: int, limit: int) -> list[SettingChange]:
        """Return a guild's latest changes, at most `limit` of them, the newest first."""
        columns = setting_changes.c
        query = (
            select(columns.member_id, columns.changed_at, columns.what)
            .where(columns.guild_id == guild_id)
            .order_by(columns.id.desc())
            .limit(limit)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [SettingChange(row.member_id, row.changed_at, row.what) for row in rows]


def _settings(row: Row[Any]) -> GuildSettings:
    found = {each.name: getattr(row, each.name) for each in fields(GuildSettings)}
    # A SQLite file that is damaged may have values of other types.
    values = {name: value for name, value in found.items() if type(value) is _TYPES[name]}
    damaged = any(value is not None and name not in values for name, value in found.items())
    if damaged or "role_ids" in values:
        values["role_ids"] = _role_ids(row.guild_id, "" if damaged else values["role_ids"])
    return GuildSettings(**values)


def _role_ids(guild_id: int, stored: str) -> frozenset[int]:
    """Return a guild's roles; none where they cannot be read, as of a newer version of Callnote.

    So nobody gets in there, and the other guilds go on.
    """
    try:
        found: list[int] = json.loads(stored)
        if isinstance(found, list) and all(isinstance(each, int) for each in found):
            return frozenset(found)
    except ValueError:
        pass
    _log.error(
        "the dispatcher roles of guild %d cannot be read, so nobody can add notes there until they "
        "are chosen again with /callnote-config",
        guild_id,
    )
    return frozenset()


def _values(settings: GuildSettings) -> dict[str, object]:
    found = {each.name: (getattr(settings, each.name), each.default) for each in fields(settings)}
    values = {name: None if value == default else value for name, (value, default) in found.items()}
    if settings.role_ids is not None:
        values["role_ids"] = json.dumps(sorted(settings.role_ids))
    return values
