"""The texts that show settings, confirm a change, or say why there was none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.interactions.markdown import escape_markdown
from bot.interactions.texts import Catalogue
from bot.settings.problems import SettingProblem

_CLOSED = "Nobody can add notes now. Choose roles: /callnote-config roles"


def _no_such_server(number: int, servers: Mapping[int, str]) -> str:
    known = ", ".join(f"{number} {name}" for number, name in sorted(servers.items()))
    return f"Nothing changed: there is no CAD server {number}. Choose {known}."


TEXTS: Catalogue = {
    SettingProblem.NOTE_OUTSIDE_GUILD: (
        "Notes can only be added in a channel of a server, not in direct messages."
    ),
    SettingProblem.NO_DISPATCHER_ROLE: (
        "Nobody may add notes here yet: an administrator must choose the dispatcher roles with "
        "/callnote-config roles."
    ),
    SettingProblem.NOT_DISPATCHER: lambda roles: (
        "To add notes you need one of these roles: " + ", ".join(f"@{role}" for role in roles)
    ),
    SettingProblem.NOT_DISPATCHER_HERE: (
        "To add notes you need one of the dispatcher roles: ask an administrator for one."
    ),
    SettingProblem.DISPATCHERS_UNKNOWN: (
        "Callnote can't reach its database, so it does not know who may add notes here: nothing "
        "was done. Try again in a moment."
    ),
    SettingProblem.SETTINGS_UNKNOWN: (
        "Nothing changed: Callnote can't reach its database, so it does not know the settings. "
        "See /callnote-config status, and try again in a moment."
    ),
    SettingProblem.SETTING_NOT_SAVED: (
        "Callnote's database did not confirm this change, so it may be in force or not. See "
        "/callnote-config status in a moment, and make it again if it is not."
    ),
    SettingProblem.SETTINGS_FULL: (
        "Nothing changed: Callnote's database is full. Ask the bot's host to make room."
    ),
    SettingProblem.GUILD_NOT_READY: (
        "Discord has not sent this server's roles and channels yet: try again in a moment."
    ),
    SettingProblem.EVERYONE_ROLE: (
        "Nothing changed: with @everyone as a dispatcher role, everybody could add notes."
    ),
    SettingProblem.MANAGED_ROLE: (
        "Nothing changed: @{role} belongs to a bot or an integration. Choose a role that you give "
        "to members yourself."
    ),
    SettingProblem.TOO_MANY_ROLES: (
        "Nothing changed: a server may have {limit} dispatcher roles; remove one first."
    ),
    SettingProblem.NOT_DISPATCHER_ROLE: "Nothing changed: @{role} is not a dispatcher role.",
    SettingProblem.NO_SUCH_SERVER: _no_such_server,
    SettingProblem.UNWRITABLE_CHANNEL: lambda channel, missing: (
        f"Nothing changed: give Callnote {' and '.join(missing)} in #{channel} and try again."
    ),
    SettingProblem.CHANNEL_NOT_TRIED: (
        "Nothing changed: Discord did not answer. Try again in a moment."
    ),
}


ROLES_PLACEHOLDER = "The roles that may add notes"
SERVER_PLACEHOLDER = "The CAD server that notes go to"
LOG_CHANNEL_PLACEHOLDER = "The channel where every note is recorded"
SWITCH_OFF = "Record nowhere"

LOG_CHANNEL_TRIAL = "Callnote can write here."
"""The test message that proves that Callnote can post to a channel."""

DELETED_CHANNEL = "deleted channel"
CHANNEL_GONE = "the channel is gone"
NOT_ALLOWED = "Discord did not let Callnote write there"
NO_ANSWER = "Discord did not answer"
ERROR_STATUS = "Discord answered with status {status}"
LACKING = "Callnote lacks {permissions} there"
AT_LAST_NOTE = "at the last note, {trouble}"
"""Why notes cannot be posted to the log channel."""

VIEW_CHANNEL, SEND_MESSAGES = "View Channel", "Send Messages"
PERMISSIONS = {
    "view_channel": VIEW_CHANNEL,
    "send_messages": SEND_MESSAGES,
    "send_messages_in_threads": "Send Messages in Threads",
    "connect": "Connect",
}
"""The permissions that posting may take: discord.py's names, and those in Discord's menus."""


CONNECTED = "connected to the CAD"
DISCONNECTED = "disconnected from the CAD"
"""The records of these changes; those of the others are below."""


def connected_to(name: str, *, again: bool) -> str:
    """Return the record of a connection to a guild's own community; `again` for a renewed key."""
    return f"new API key for the CAD of {name}" if again else f"connected to the CAD of {name}"


def roles_changed(names: Sequence[str]) -> str:
    """Return the record of a change of the dispatcher roles, to those with these names."""
    return f"dispatcher roles: {', '.join(f'@{name}' for name in names) or 'none'}"


def role_deleted(name: str | None = None) -> str:
    """Return the record of a dispatcher role that was deleted; None if its name is not known."""
    named = "" if name is None else f": @{name}"
    return f"dispatcher role deleted in Discord{named}"


def server_changed(number: int, name: str | None) -> str:
    """Return the record of a change of the CAD server."""
    return f"CAD server: {number}" if name is None else f"CAD server: {number} {name}"


def log_channel_changed(name: str | None) -> str:
    """Return the record of a change of the log channel, None for none."""
    return "log channel: none" if name is None else f"log channel: #{name}"


def unit_numbers_changed(on: bool) -> str:
    """Return the record of a change of whether notes bear unit numbers."""
    return f"unit numbers: {'on' if on else 'off'}"


def unit_numbers_now(on: bool) -> str:
    """Say what stands beside members' notes in the CAD, and how to change it."""
    if on:
        return (
            "Members' unit numbers stand beside their notes, where Sonoran CAD knows them: "
            "Discord must be linked to their account, and the CAD's API must be version 2. For "
            "others it is the display name. To always show display names: /callnote-config "
            "unit-numbers on:False"
        )
    return (
        "Members' display names stand beside their notes. To show their unit numbers: "
        "/callnote-config unit-numbers on:True"
    )


def cards_changed(allowed: bool) -> str:
    """Return the record of a change of whether cards may be kept in channels."""
    return f"cards in channels: {'on' if allowed else 'off'}"


def cards_now(allowed: bool) -> str:
    """Say whether dispatchers may keep calls' cards in channels, and how to change it."""
    if allowed:
        return (
            "Dispatchers can keep a call's card in a channel, where everyone who can see the "
            "channel sees it. To switch that off: /callnote-config cards allow:False"
        )
    return (
        "Cards in channels are switched off. To switch them on: /callnote-config cards allow:True"
    )


def roles_now(names: Sequence[str], *, gone: Sequence[str] = ()) -> str:
    """Confirm which roles, by name, may add notes from now on, and which no longer may."""
    if not names:
        return _CLOSED
    verb = "Dispatcher roles are" if len(names) > 1 else "The dispatcher role is"
    ending = f", and no longer {listed(gone)}" if gone else ""
    return escape_markdown(f"{verb} now {listed(names)}{ending}.")


def roles_shown(names: Sequence[str], *, chosen: bool) -> str:
    """Say which roles may add notes and who chose them, above the picker that changes them."""
    if names and chosen:
        return escape_markdown(f"Dispatcher roles: {listed(names)}. Choose below to change them.")
    if names:
        return escape_markdown(
            f"Dispatcher roles: {listed(names)}, from the host's setting DISPATCHER_ROLE_IDS. "
            "What you choose below replaces them."
        )
    return "No role may add notes: choose the dispatcher roles below."


def server_now(number: int, name: str | None) -> str:
    """Confirm the chosen CAD server; without a name it could not be checked."""
    if name is None:
        return (
            f"The CAD server is now {number}. Callnote can't load the server list in full, so it "
            "could not be checked."
        )
    return escape_markdown(f"The CAD server is now {number} {name}.")


def server_shown(number: int, name: str | None, *, more: bool) -> str:
    """Say which CAD server notes go to, above the picker; `more` if its list is cut."""
    ending = " Choose below to change it."
    if more:
        ending += " The list is too long to show in full: any server can be set by number."
    return escape_markdown(f"CAD server: {number} {name or '(not in the list)'}.{ending}")


def servers_unknown(number: int) -> str:
    """Say which CAD server notes go to when the list cannot be loaded."""
    return (
        f"CAD server: {number}. Callnote can't load the server list. To change it, type a number: "
        "/callnote-config server number:2"
    )


def log_channel_now(name: str | None) -> str:
    """Confirm the chosen log channel, None for none."""
    if name is None:
        return "Notes are no longer recorded in a channel."
    return escape_markdown(f"Every note is recorded in #{name} from now on.")


def log_channel_shown(name: str | None, trouble: str | None, *, gone: bool) -> str:
    """Say which channel is the log channel, above the picker; `gone` if it was deleted."""
    if name is None:
        return "Notes are not recorded in a channel: choose one below."
    if trouble is not None and gone:
        return "The log channel was deleted: choose another below."
    if trouble is not None:
        return escape_markdown(
            f"Notes can't be recorded in #{name}: {trouble}. Fix it or choose another below."
        )
    return escape_markdown(f"Every note is recorded in #{name}.")


def listed(names: Sequence[str]) -> str:
    """Return the names of roles as a list: `@A, @B and @C`."""
    shown = [f"@{name}" for name in names]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
