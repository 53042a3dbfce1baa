"""The lines of a health check about Discord, the settings and the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bot import __version__
from bot.communities.connections import Connection
from bot.communities.texts import CONNECTED_BY
from bot.health.lines import LINE_LIMIT, Line, ask_host, ill, note, well
from bot.interactions.markdown import escape_markdown
from bot.settings.repository import FROM_DISCORD, SettingChange
from bot.settings.texts import listed

MOST_GUILDS = 20  # the most guilds that `check` names

SETTINGS_UNKNOWN = note("This server's settings: not known until the database answers.")
GUILD_UNKNOWN = note(
    "This server's roles and channels: not known until Discord has told Callnote about them; ask "
    "again in a moment."
)
VERSION = note(f"Callnote {__version__}.")


def connection_line(connection: Connection) -> Line:
    """Return how a guild is connected; one that is not gets no health check."""
    return well(f"This server is connected, {CONNECTED_BY[connection]}.")


def invite_line(*, anyone: bool) -> Line:
    """Return who can invite the application to a guild."""
    if anyone:
        return note(
            "Anyone can invite the application. Only connected servers reach the CAD; switch "
            "Public Bot off in the Developer Portal if it serves your server alone."
        )
    return well("Only the application's owner or team can invite it.")


def guild_lines(guilds: Mapping[int, str], expected: Collection[int]) -> Iterator[Line]:
    """Return which guilds the bot is in, and which of the `expected` ids it is not in.

    `guilds` are their names by id.
    """
    if guilds:
        shown = [f'{guild_id} "{name}"' for guild_id, name in list(guilds.items())[:MOST_GUILDS]]
        more = f" and {len(guilds) - MOST_GUILDS:,} more" if len(guilds) > MOST_GUILDS else ""
        servers = "1 server" if len(guilds) == 1 else f"{len(guilds):,} servers"
        yield note(f"The bot is in {servers}: {', '.join(shown)}{more}.")
    else:
        yield note("The bot is in no server yet: invite it.")
    missing = sorted(set(expected) - guilds.keys())
    if missing:
        yield ill(
            f"DISCORD_GUILD_IDS names {', '.join(map(str, missing))}, where the bot is not: "
            "invite it there or correct the id."
        )


def roles_line(names: Sequence[str], *, chosen: bool) -> Line:
    """Return which roles may add notes and who says so."""
    if not names:
        where = "all were removed here" if chosen else "none is set up"
        return ill(
            f"Dispatcher roles: none, as {where}, so nobody may add notes: choose some with "
            "/callnote-config roles."
        )
    source = "chosen here" if chosen else "from the host's setting DISPATCHER_ROLE_IDS"
    return well(f"Dispatcher roles, {source}: {listed(names)}.")


def everyone_line(guild_ids: Iterable[int]) -> Line:
    """Return that DISPATCHER_ROLE_IDS names these guilds themselves."""
    named = ", ".join(map(str, guild_ids))
    return ill(
        f"DISPATCHER_ROLE_IDS names {named}, the id of a server and of its role @everyone, which "
        "cannot be a dispatcher role: put a role's own id there, or choose roles with "
        "/callnote-config roles."
    )


def log_channel_line(
    name: str | None, trouble: str | None, *, gone: bool, unwritable: bool
) -> Line:
    """Return the log channel, and why notes cannot be posted there.

    It is `gone` if it was deleted, and `unwritable` if a permission is missing.
    """
    if name is None:
        return note("Log channel: none; set one with /callnote-config log-channel.")
    if trouble is None:
        return well(f"Log channel: #{name}.")
    if gone:
        return ill(
            f"Log channel: {trouble}. Notes still work; choose another with /callnote-config "
            "log-channel."
        )
    if not unwritable:
        return ill(
            f"Log channel #{name}: {trouble}. Notes still work; if that lasts, choose another with "
            "/callnote-config log-channel."
        )
    return ill(
        f"Log channel #{name}: {trouble}. Notes still work; give Callnote View Channel and "
        "Send Messages there, or choose another with /callnote-config log-channel."
    )


def unit_numbers_line(on: bool) -> Line:
    """Return what stands beside members' notes in the CAD."""
    what = "unit numbers, where the CAD knows them" if on else "display names"
    return note(f"Beside members' notes: {what}.")


def cards_line(allowed: bool) -> Line:
    """Return whether calls' cards may be kept in channels."""
    return note(f"Cards in channels: {'allowed' if allowed else 'switched off'}.")


def permissions_line(missing: Sequence[str]) -> Line:
    """Return which permissions Callnote lacks in the channel of the command."""
    if missing:
        return ill(
            f"Permissions: give Callnote {' and '.join(missing)} in this channel. Notes work "
            "without it, but an answer after 15 minutes cannot be shown."
        )
    return well("Permissions: Callnote has all that it needs in this channel.")


def database_line(kind: str, wiped_by: str | None, *, down: bool, full: bool) -> Line:
    """Return how the database of this kind is.

    It is `full` at present if it is `down`, else at the last change of a setting.
    """
    if down and full:
        return ill(
            f"Database: the {kind} database is full, so no note is accepted and no setting "
            "changed: ask the bot's host to make room."
        )
    if down:
        return ill(
            f"Database: the {kind} database cannot be used just now, so no note is accepted and no "
            "setting changed; the bot's host finds the reason in its log."
        )
    if full:
        return ill(
            f"Database: the {kind} database was full at the last change of a setting. Try "
            "again; if it is still full, ask the bot's host to make room."
        )
    lasts = "outlives a restart" if kind != "SQLite" else "lasts as long as its disk"
    return wiped_line(wiped_by) or well(f"Database: {kind}, which {lasts}.")


def unreadable_lines(count: int) -> Iterator[Line]:
    """Return the warning about notes whose rows cannot be read, if there are any."""
    if count:
        notes = "1 note" if count == 1 else f"{count:,} notes"
        yield ill(
            f"Database: {notes} cannot be read and stay as they are; the bot's host finds their "
            "ids in its log."
        )


def wiped_line(platform: str | None, *, to_host: bool = False) -> Line | None:
    """Return the warning about a database that this platform may wipe; None if it lasts.

    `to_host` means that the host reads it.
    """
    if platform is None:
        return None
    if platform != "Heroku":  # which alone can mount no volume
        return note(
            f"Database: a SQLite file, which {platform} wipes at a restart unless it is on "
            f"a mounted volume; {ask_host(to_host)}see to that or set DATABASE_URL."
        )
    return ill(
        f"Database: a SQLite file, which {platform} wipes at least daily, settings and "
        f"waiting notes included; {ask_host(to_host)}set DATABASE_URL to a PostgreSQL database."
    )


def last_change(change: SettingChange) -> str:
    """Return the content that tells who changed a setting last, when and how."""
    by = "" if change.member_id == FROM_DISCORD else f" by <@{change.member_id}>"
    what = escape_markdown(change.what, limit=LINE_LIMIT)
    return f"Last change <t:{int(change.changed_at)}:R>{by}: {what}"
