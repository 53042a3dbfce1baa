"""Puts the findings of a health check into lines that each say what to do when it is not well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bot import __version__
from bot.communities.connections import Connection
from bot.communities.texts import CONNECTED_BY
from bot.health.probe import CadHealth
from bot.health.storage import StorageHealth
from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.outbox import Failure, FailureKind
from bot.settings.repository import FROM_DISCORD, SettingChange
from bot.settings.texts import listed
from bot.sonoran import Reason

LINE_LIMIT = 300
"""The most UTF-16 units of a line in Discord, where names and the CAD's words may be long."""

MOST_GUILDS = 20
"""The most servers that `check` names."""

_SAID_LIMIT = 100  # characters of the CAD's own words

_REASONS = {
    Reason.NO_CONNECTION: "cannot be reached",
    Reason.NO_ANSWER: "did not answer in time",
    Reason.BROKEN_CONNECTION: "broke the connection",
    Reason.SERVER_ERROR: "had an internal error",
    Reason.UNCLEAR_REPLY: "gave an answer that cannot be read",
    Reason.WRONG_ADDRESS: "is not at this address",
    Reason.STOPPED: "was not asked, as Callnote is stopping",
}


class Mark(Enum):
    """How well something is; the value is what Discord shows before its line."""

    WELL = "✅"
    ILL = "❌"
    NOTE = "➖"
    """Neither, or not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, as plain text."""

    mark: Mark
    text: str


def cad_lines(
    health: CadHealth, server_id: int | None, *, chosen: bool, to_host: bool = False
) -> list[Line]:
    """Return what is known of the CAD; `chosen` tells that a server's own choice is meant.

    Without `server_id` there is no line on the CAD server. `to_host` tells that the host reads
    this, who changes settings and not choices.
    """
    lines = [_reached(health, to_host=to_host), _credentials(health, to_host=to_host)]
    if server_id is not None:
        lines.append(_server(health, server_id, chosen=chosen, to_host=to_host))
    return lines


def cad_details(health: CadHealth) -> list[Line]:
    """Return what is worth knowing of the CAD, but asks nothing of anybody."""
    return [
        _version(health),
        Line(Mark.NOTE, f"Plan: {health.plan or 'not known'} (for information only)."),
    ]


def notes_line(
    problem: Failure | None,
    waiting: int,
    error: Failure | None,
    *,
    held_back: bool = False,
) -> Line:
    """Return whether notes are sent just now.

    `problem` is why the last one was not taken, None if it was; `waiting` is how many wait.
    `error` is what the CAD gave instead of a good answer when it was asked itself. `held_back`
    tells that a delay it asked for is not over.
    """
    how_many = f"{waiting:,} waiting"
    if error is not None and error.kind is FailureKind.CREDENTIALS:
        return Line(
            Mark.ILL,
            f"Notes: {how_many}; every note is refused until the API key or id is fixed.",
        )
    if error is not None and error.reason is not None:
        return Line(
            Mark.ILL,
            f"Notes: {how_many}, as Sonoran CAD {_REASONS[error.reason]}; what waits or is new "
            "goes on by itself when it takes notes again.",
        )
    if problem is not None and (waiting or held_back):
        why = "Sonoran CAD takes no more requests"
        if problem.reason is not None:
            why = f"the last try failed (Sonoran CAD {_REASONS[problem.reason]})"
        return Line(
            Mark.ILL,
            f"Notes: {how_many}, as {why}; they go on by themselves when it takes notes again.",
        )
    if error is not None:
        return Line(Mark.NOTE, f"Notes: {how_many}; the next one shows whether the CAD takes them.")
    return Line(Mark.WELL, "Notes are sent as they come.")


def connection_line(connection: Connection) -> Line:
    """Return how a server is connected; what is not says nothing here."""
    how = CONNECTED_BY.get(connection, "for now")
    return Line(Mark.WELL, f"This server is connected, {how}.")


def invite_line(*, anyone: bool) -> Line:
    """Return who can invite the application to a server."""
    if anyone:
        return Line(
            Mark.NOTE,
            "Anyone can invite the application. Only connected servers reach the CAD; switch "
            "Public Bot off in the Developer Portal if it serves your server alone.",
        )
    return Line(Mark.WELL, "Only the application's owner or team can invite it.")


def guild_lines(guilds: Mapping[int, str], expected: Collection[int]) -> Iterator[Line]:
    """Return which servers the bot is in, and which of the `expected` ids it is not in.

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
    """Return what stands for the settings until they have been read once."""
    return Line(Mark.NOTE, "Roles, server and log channel: not known until the database answers.")


def guild_unknown_line() -> Line:
    """Return what stands for roles and log channel until Discord has told of the server."""
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
    """Return where notes are recorded, and what keeps them from it; `gone` if it was deleted."""
    if name is None:
        return Line(Mark.NOTE, "Log channel: none; set one with /callnote-config log-channel.")
    if trouble is not None and gone:
        return Line(
            Mark.ILL,
            f"Log channel: {trouble}. Notes go on working; choose another with /callnote-config "
            "log-channel.",
        )
    if trouble is not None:
        return Line(
            Mark.ILL,
            f"Log channel #{name}: {trouble}. Notes go on working; give Callnote View Channel and "
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
    """Return how the database does, named by its kind alone."""
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


def wiped_line(health: StorageHealth, *, to_host: bool = False) -> Line | None:
    """Return the warning about a database that may not outlive a restart; None if it does.

    `to_host` is as for `cad_lines`.
    """
    if health.wiped_by is None:
        return None
    if health.on_volume:
        return Line(
            Mark.NOTE,
            f"Database: a SQLite file, which {health.wiped_by} wipes at a restart unless it is on "
            f"a mounted volume; {_host(to_host)}see to that or set DATABASE_URL.",
        )
    return Line(
        Mark.ILL,
        f"Database: a SQLite file, which {health.wiped_by} wipes at least daily, settings and "
        f"waiting notes included; {_host(to_host)}set DATABASE_URL to a PostgreSQL database.",
    )


def version_line() -> Line:
    """Return the version of Callnote that runs."""
    return Line(Mark.NOTE, f"Callnote {__version__}.")


def status_content(lines: Iterable[Line], change: SettingChange | None) -> str:
    """Return the lines, and who changed a setting last, as one message's content."""
    shown = [f"{line.mark.value} {escape_markdown(line.text, limit=LINE_LIMIT)}" for line in lines]
    if change is not None:
        by = "" if change.member_id == FROM_DISCORD else f" by <@{change.member_id}>"
        shown.append(
            f"{Mark.NOTE.value} Last change <t:{int(change.changed_at)}:R>{by}: "
            + escape_markdown(change.what, limit=LINE_LIMIT)
        )
    content = ""
    for line in shown:
        if utf16_units(content) + utf16_units(line) < CONTENT_LIMIT:
            content += f"{line}\n"
    return content.rstrip()


def _host(to_host: bool) -> str:
    """Return the words before what the host is to do, none where the host reads them."""
    return "" if to_host else "ask the bot's host to "


def _reached(health: CadHealth, *, to_host: bool) -> Line:
    failure = health.error
    match failure:
        case Failure(kind=FailureKind.CREDENTIALS, remembered=True):
            return Line(
                Mark.NOTE,
                "Sonoran CAD was not asked: it refused the API key or id a moment ago.",
            )
        case None | Failure(kind=FailureKind.CREDENTIALS):
            return Line(Mark.WELL, f"Sonoran CAD answers, in {health.milliseconds} ms.")
        case Failure(kind=FailureKind.RATE_LIMITED):
            return Line(
                Mark.ILL,
                "Sonoran CAD answers that there are too many requests; its limits are shared with "
                "game servers and other bots, so look for one that asks too often.",
            )
    if failure.reason is None:
        return Line(
            Mark.ILL,
            f"Sonoran CAD answers, but refused the check with status {failure.status}"
            f"{_said(failure)}; {_host(to_host)}check SONORAN_API_URL and SONORAN_API_VERSION.",
        )
    match failure.reason:
        case Reason.WRONG_ADDRESS:
            advice = f"{_host(to_host)}correct SONORAN_API_URL or SONORAN_API_VERSION"
        case Reason.UNCLEAR_REPLY:
            advice = f"{_host(to_host)}check SONORAN_API_URL and SONORAN_API_VERSION"
        case _:
            advice = (
                f"notes wait until it answers; if that lasts, {_host(to_host)}check SONORAN_API_URL"
            )
    return Line(Mark.ILL, f"Sonoran CAD {_REASONS[failure.reason]}; {advice}.")


def _version(health: CadHealth) -> Line:
    if health.version is None:
        return Line(Mark.NOTE, "API version: not known until the CAD answers clearly.")
    return Line(Mark.NOTE, f"API version {health.version.value}: {health.version_reason}.")


def _credentials(health: CadHealth, *, to_host: bool) -> Line:
    match health.error:
        case None:
            named = f", for the community {health.community}" if health.community else ""
            return Line(Mark.WELL, f"The CAD takes the API key{named}.")
        case Failure(kind=FailureKind.CREDENTIALS):
            return Line(
                Mark.ILL,
                f"The CAD refused the API key or community id{_said(health.error)}: "
                f"{_host(to_host)}check SONORAN_API_KEY, SONORAN_COMMUNITY_ID and that the API is "
                "enabled.",
            )
    return Line(Mark.NOTE, "Whether the CAD takes the API key is not known now.")


def _server(health: CadHealth, server_id: int, *, chosen: bool, to_host: bool) -> Line:
    source = "chosen here" if chosen else "from the host's setting SONORAN_SERVER_ID"
    if health.servers is None:
        return Line(Mark.NOTE, f"CAD server, {source}: {server_id}; the CAD's list is not known.")
    for server in health.servers:
        if server.server_id == server_id:
            return Line(Mark.WELL, f"CAD server, {source}: {server_id} {server.name}.")
    there = ", ".join(str(server.server_id) for server in health.servers) or "none"
    advice = "choose another with /callnote-config server"
    if to_host:
        advice = f"correct SONORAN_SERVER_ID; the CAD has {there}"
    return Line(
        Mark.ILL,
        f"CAD server, {source}: {server_id}, which the CAD does not have: {advice}.",
    )


def _said(failure: Failure) -> str:
    return f" ({failure.text[:_SAID_LIMIT]})" if failure.text else f" (status {failure.status})"
