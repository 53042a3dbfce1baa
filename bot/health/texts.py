"""The other lines of a health check, each with what to do if something is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot import __version__
from bot.communities.connections import Connection
from bot.communities.texts import CONNECTED_BY
from bot.health.lines import Line, Mark, host_words
from bot.health.storage import StorageHealth
from bot.settings.texts import listed

MOST_GUILDS = 20
"""The most guilds that `check` names."""


def connection_line(connection: Connection) -> Line:
    """Return how a guild is connected; others never see a health check."""
    how = CONNECTED_BY.get(connection, "for now")
    return Line(Mark.WELL, f"This server is connected, {how}.")


def invite_line(*, anyone: bool) -> Line:
    """Return who can invite the application to a guild."""
    if anyone:
        return Line(
            Mark.NOTE,
            "Anyone can invite the application. Only connected servers reach the CAD; switch "
            "Public Bot off in the Developer Portal if it serves your server alone.",
        )
    return Line(Mark.WELL, "Only the application's owner or team can invite it.")


def guild_lines(guilds: Mapping[int, str], expected: Collection[int]) -> Iterator[Line]:
    """Return which guilds the bot is in, and which of the `expected` ids it is not in.

    `guilds` are their names by id.
    """
    if guilds:
        shown = [f'{guild_id} "{name}"' for guild_id, name in list(guilds.items())[:MOST_GUILDS]]
        more = f" and {len(guilds) - MOST_GUILDS:,} more" if len(guilds) > MOST_GUILDS else ""
        servers = "1 server" if len(guilds) == 1 else f"{len(guilds):,} servers"
        yield Line(Mark.NOTE, f"The bot is in {servers}: {', '.join(shown)}{more}.")
    else:
        yield Line(Mark.NOTE, "The bot is in no server yet: invite it.")
    missing = sorted(set(expected) - guilds.keys())
    if missing:
        yield Line(
            Mark.ILL,
            f"DISCORD_GUILD_IDS names {', '.join(map(str, missing))}, where the bot is not: "
            "invite it there or correct the id.",
        )


def settings_unknown_line() -> Line:
    """Return the line in place of the settings until they have been read."""
    return Line(Mark.NOTE, "Roles, server and log channel: not known until the database answers.")


def guild_unknown_line() -> Line:
    """Return the line in place of roles and log channel until Discord has sent the guild."""
    return Line(
        Mark.NOTE,
        "Roles and log channel: not known until Discord has told Callnote about this server; ask "
        "again in a moment.",
    )


def roles_line(names: Sequence[str], *, chosen: bool) -> Line:
    """Return which roles may add notes and who says so."""
    if not names:
        where = "all were taken off the list here" if chosen else "none is set up"
        return Line(
            Mark.ILL,
            f"Dispatcher roles: none, as {where}, so nobody may add notes: choose some with "
            "/callnote-config roles.",
        )
    source = "chosen here" if chosen else "from the host's setting DISPATCHER_ROLE_IDS"
    return Line(Mark.WELL, f"Dispatcher roles, {source}: {listed(names)}.")


def log_channel_line(name: str | None, trouble: str | None, *, gone: bool = False) -> Line:
    """Return the log channel, and why notes cannot be posted there; `gone` if it was deleted."""
    if name is None:
        return Line(Mark.NOTE, "Log channel: none; set one with /callnote-config log-channel.")
    if trouble is not None and gone:
        return Line(
            Mark.ILL,
            f"Log channel: {trouble}. Notes still work; choose another with /callnote-config "
            "log-channel.",
        )
    if trouble is not None:
        return Line(
            Mark.ILL,
            f"Log channel #{name}: {trouble}. Notes still work; give Callnote View Channel and "
            "Send Messages there, or choose another with /callnote-config log-channel.",
        )
    return Line(Mark.WELL, f"Log channel: #{name}.")


def permissions_line(missing: Sequence[str]) -> Line:
    """Return which permissions Callnote lacks in the channel of the command."""
    if missing:
        return Line(
            Mark.ILL,
            f"Permissions: give Callnote {' and '.join(missing)} in this channel. Notes work "
            "without it, but an answer after 15 minutes cannot be shown.",
        )
    return Line(Mark.WELL, "Permissions: Callnote has all that it needs in this channel.")


def storage_line(health: StorageHealth) -> Line:
    """Return how the database is, named by its kind alone."""
    if health.trouble is not None:
        return Line(
            Mark.ILL,
            f"Database: the {health.kind} database does not answer, so no note is accepted and no "
            "setting changed; the bot's host finds the reason in its log.",
        )
    if health.full:
        return Line(
            Mark.ILL,
            f"Database: the {health.kind} database was full at the last change of a setting. Try "
            "again; if it is still full, ask the bot's host to make room.",
        )
    lasts = "outlives a restart" if health.kind != "SQLite" else "lasts as long as its disk"
    return wiped_line(health) or Line(Mark.WELL, f"Database: {health.kind}, which {lasts}.")


def unreadable_lines(count: int) -> list[Line]:
    """Return the warning about notes whose rows cannot be read, if there are any."""
    if not count:
        return []
    notes = "1 note" if count == 1 else f"{count:,} notes"
    return [
        Line(
            Mark.ILL,
            f"Database: {notes} cannot be read and stay as they are; the bot's host finds their "
            "ids in its log.",
        )
    ]


def wiped_line(health: StorageHealth, *, to_host: bool = False) -> Line | None:
    """Return the warning about a database that a restart may wipe; None if it lasts.

    `to_host` is as for `cad_lines`.
    """
    if health.wiped_by is None:
        return None
    if health.on_volume:
        return Line(
            Mark.NOTE,
            f"Database: a SQLite file, which {health.wiped_by} wipes at a restart unless it is on "
            f"a mounted volume; {host_words(to_host)}see to that or set DATABASE_URL.",
        )
    return Line(
        Mark.ILL,
        f"Database: a SQLite file, which {health.wiped_by} wipes at least daily, settings and "
        f"waiting notes included; {host_words(to_host)}set DATABASE_URL to a PostgreSQL database.",
    )


def version_line() -> Line:
    """Return the version of Callnote that runs."""
    return Line(Mark.NOTE, f"Callnote {__version__}.")
