"""The lines of a health check, each with what to do if something is wrong.

`to_host` means that the host reads a line, who has other settings to change than an administrator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bot import __version__
from bot.communities.connections import Connection
from bot.communities.texts import CONNECTED_BY
from bot.health.lines import CERTIFICATE_ADVICE, LINE_LIMIT, Line, ill, note, well
from bot.health.probe import CadHealth
from bot.interactions.markdown import escape_markdown
from bot.outbox import Failure, FailureKind, RateUsage
from bot.settings.repository import FROM_DISCORD, SettingChange
from bot.settings.texts import listed
from bot.sonoran import Reason, VersionSign

MOST_GUILDS = 20  # the most guilds that `check` names

_SAID_LIMIT = 100  # characters of the CAD's own text

_REASONS = {
    Reason.NO_CONNECTION: "cannot be reached",
    Reason.UNVERIFIED_CERTIFICATE: "has a certificate that cannot be verified",
    Reason.NO_ANSWER: "did not answer in time",
    Reason.BROKEN_CONNECTION: "broke the connection",
    Reason.SERVER_ERROR: "had an internal error",
    Reason.UNCLEAR_REPLY: "gave an answer that cannot be read",
    Reason.WRONG_ADDRESS: "is not at this address",
    Reason.STOPPED: "was not asked, as Callnote is stopping",
}

_ADVICE = {
    Reason.WRONG_ADDRESS: "{host}correct SONORAN_API_URL or SONORAN_API_VERSION",
    Reason.UNCLEAR_REPLY: "{host}check SONORAN_API_URL and SONORAN_API_VERSION",
    Reason.UNVERIFIED_CERTIFICATE: f"{{host}}{CERTIFICATE_ADVICE}",
}
_WAIT = "notes wait until it answers; if that lasts, {host}check SONORAN_API_URL"

_REACHED: Mapping[Reason | FailureKind, str] = {
    FailureKind.RATE_LIMITED: (
        "Sonoran CAD answers that there are too many requests; its limits are shared with game "
        "servers and other bots, so look for one that asks too often."
    ),
    FailureKind.REFUSED: (
        "Sonoran CAD answers, but refused the check with status {failure.status}{said}; "
        "{host}check SONORAN_API_URL and SONORAN_API_VERSION."
    ),
    **{
        reason: f"Sonoran CAD {trouble}; {_ADVICE.get(reason, _WAIT)}."
        for reason, trouble in _REASONS.items()
    },
}

_VERSION_SIGNS = {
    VersionSign.GIVEN: "set by SONORAN_API_VERSION",
    VersionSign.ANSWERED: "it answered the version 2 request",
    VersionSign.REFUSED: "it refused in the manner of version 2, status {status}",
    VersionSign.PLACEHOLDER: "it answered 'Backend Service Reached' on a version 2 address",
    VersionSign.WEB_PAGE: "it answered with a web page, status {status}",
    VersionSign.NO_ADDRESS: "it has no version 2 address, status {status}",
}

SETTINGS_UNKNOWN = note("Roles, server and log channel: not known until the database answers.")
GUILD_UNKNOWN = note(
    "Roles and log channel: not known until Discord has told Callnote about this server; ask again "
    "in a moment."
)
VERSION = note(f"Callnote {__version__}.")


def cad_lines(
    health: CadHealth, server_id: int | None, *, chosen: bool, to_host: bool = False
) -> Iterator[Line]:
    """Return what is known of the CAD; `chosen` tells that a guild's own choice is meant.

    There is no line about the CAD server if `server_id` is None.
    """
    yield _reached(health, _host(to_host))
    yield _credentials(health, _host(to_host))
    if server_id is not None:
        yield _server(health, server_id, chosen=chosen, to_host=to_host)


def cad_details(health: CadHealth) -> Iterator[Line]:
    """Return the details of the CAD that call for no action."""
    if health.version is None or health.version_reason is None:
        yield note("API version: not known until the CAD answers clearly.")
    else:
        sign, status = health.version_reason
        why = _VERSION_SIGNS[sign].format(status=status)
        yield note(f"API version {health.version.value}: {why}.")
    yield note(f"Plan: {health.plan or 'not known'} (for information only).")


def notes_line(
    problem: Failure | None, waiting: int, error: Failure | None, *, held_back: bool = False
) -> Line:
    """Return whether notes are being sent.

    `problem` is why the last send failed, None if it did not; `waiting` is how many notes wait;
    `error` is why the probe of the CAD failed. `held_back` means that a delay that the CAD asked
    for is not over.
    """
    how_many = f"{waiting:,} waiting"
    if error is not None and error.kind is FailureKind.CREDENTIALS:
        return ill(
            f"Notes: {how_many}; until the API key or id is fixed they stay, and every new one is "
            "refused."
        )
    if error is not None and error.reason is not None:
        return ill(
            f"Notes: {how_many}, as Sonoran CAD {_REASONS[error.reason]}; waiting and new ones "
            "are sent when it accepts notes again."
        )
    if problem is not None and (waiting or held_back):
        why = "Sonoran CAD gets too many requests"
        if problem.reason is not None:
            why = f"the last attempt failed (Sonoran CAD {_REASONS[problem.reason]})"
        if problem.kind is FailureKind.CREDENTIALS:
            why = f"Sonoran CAD refused the last one{_said(problem)}"
        return ill(f"Notes: {how_many}, as {why}; they are sent when it accepts notes again.")
    if error is not None:
        return note(f"Notes: {how_many}; the next one shows whether the CAD accepts them.")
    return well("Notes are sent as they come.")


def rate_usage_line(usage: RateUsage) -> Line:
    """Return how much of the CAD's limits is used, and whether it was too much for the CAD."""
    sent = f"Notes sent in the last minute: {usage.sent:,} of {usage.per_minute:,} at most"
    if not usage.limited:
        return note(f"{sent}; no answer of the last hour said too many requests (429).")
    times = "once" if usage.limited == 1 else f"{usage.limited:,} times"
    return ill(
        f"{sent}; in the last hour Sonoran CAD said {times} that it gets too many requests (429): "
        "look for game servers and bots with the same key, or lower SONORAN_NOTES_PER_MINUTE."
    )


def last_note_lines(refusal: Failure | None) -> Iterator[Line]:
    """Return what the last note was refused with, if it was; None if it was added."""
    if refusal is None:
        return
    about_access = refusal.kind is FailureKind.CREDENTIALS
    yield (ill if about_access else note)(f"The last note was refused{_said(refusal)}.")


def _reached(health: CadHealth, host: str) -> Line:
    failure = health.error
    if failure is not None and failure.kind is not FailureKind.CREDENTIALS:
        return ill(_REACHED[failure.key].format(failure=failure, said=_said(failure), host=host))
    if failure is not None and failure.remembered:
        return note("Sonoran CAD was not asked: it has just refused the API key or id.")
    return well(f"Sonoran CAD answers, in {health.milliseconds} ms.")


def _credentials(health: CadHealth, host: str) -> Line:
    if health.error is None:
        named = f", for the community {health.community}" if health.community else ""
        return well(f"The CAD accepts the API key{named}.")
    if health.error.kind is FailureKind.CREDENTIALS:
        return ill(
            f"The CAD refused the API key or community id{_said(health.error)}: {host}check "
            "SONORAN_API_KEY, SONORAN_COMMUNITY_ID and that the API is enabled."
        )
    return note("Whether the CAD accepts the API key is not known now.")


def _server(health: CadHealth, server_id: int, *, chosen: bool, to_host: bool) -> Line:
    source = "chosen here" if chosen else "from the host's setting SONORAN_SERVER_ID"
    named = f"CAD server, {source}: {server_id}"
    if health.servers is None:
        return note(f"{named}; the CAD's list can't be loaded.")
    for server in health.servers:
        if server.server_id == server_id:
            return well(f"{named} {server.name}.")
    there = ", ".join(str(server.server_id) for server in health.servers) or "none"
    advice = "choose another with /callnote-config server"
    if to_host:
        advice = f"correct SONORAN_SERVER_ID; the CAD has {there}"
    return ill(f"{named}, which the CAD does not have: {advice}.")


def _said(failure: Failure) -> str:
    return f" ({failure.text[:_SAID_LIMIT]})" if failure.text else f" (status {failure.status})"


def _host(to_host: bool) -> str:
    """Return the words before an action for the host, none if the host reads them."""
    return "" if to_host else "ask the bot's host to "


def connection_line(connection: Connection) -> Line:
    """Return how a guild is connected; others never see a health check."""
    return well(f"This server is connected, {CONNECTED_BY.get(connection, 'for now')}.")


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
        where = "all were taken off the list here" if chosen else "none is set up"
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
        "is not taken for a dispatcher role: put a role's own id there, or choose roles with "
        "/callnote-config roles."
    )


def log_channel_line(
    name: str | None, trouble: str | None, *, gone: bool = False, unwritable: bool = True
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


def permissions_line(missing: Sequence[str]) -> Line:
    """Return which permissions Callnote lacks in the channel of the command."""
    if missing:
        return ill(
            f"Permissions: give Callnote {' and '.join(missing)} in this channel. Notes work "
            "without it, but an answer after 15 minutes cannot be shown."
        )
    return well("Permissions: Callnote has all that it needs in this channel.")


def database_line(kind: str, wiped_by: str | None, *, down: bool, full: bool) -> Line:
    """Return how the database of this kind is; `full` at the last change of a setting."""
    if down:
        return ill(
            f"Database: the {kind} database does not answer, so no note is accepted and no "
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
    """Return the warning about a database that this platform may wipe; None if it lasts."""
    if platform is None:
        return None
    if platform != "Heroku":  # which alone can mount no volume
        return note(
            f"Database: a SQLite file, which {platform} wipes at a restart unless it is on "
            f"a mounted volume; {_host(to_host)}see to that or set DATABASE_URL."
        )
    return ill(
        f"Database: a SQLite file, which {platform} wipes at least daily, settings and "
        f"waiting notes included; {_host(to_host)}set DATABASE_URL to a PostgreSQL database."
    )


def last_change(change: SettingChange) -> str:
    """Return the content that tells who changed a setting last, when and how."""
    by = "" if change.member_id == FROM_DISCORD else f" by <@{change.member_id}>"
    what = escape_markdown(change.what, limit=LINE_LIMIT)
    return f"Last change <t:{int(change.changed_at)}:R>{by}: {what}"
