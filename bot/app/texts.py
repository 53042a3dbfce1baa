"""The texts for the host: the lines of `check`, and why the bot cannot be started."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import aiohttp
import discord

from bot.health.lines import CERTIFICATE_ADVICE, Line, ill, note, well

READY = "Callnote is ready."
"""The last of the log's first lines, which panels wait for; it never changes."""

CANNOT_START = "Callnote cannot start. Please correct these settings:"
LOGIN_REJECTED = (
    "Discord rejected DISCORD_TOKEN: copy the bot's token again from the Developer Portal."
)
INTENTS_REJECTED = "Discord rejected the bot's intents: update Callnote."

NO_HOST_COMMUNITY = note(
    "No SONORAN_API_KEY is set: each server is connected to the CAD whose key its administrators "
    "enter."
)
MOST_PACKAGES = 5  # the most that are named

LOGIN_ACCEPTED = well("Discord accepts the token.")
UNREADABLE_ANSWER = ill("Discord gave an answer that cannot be read; try again later.")


UNVERIFIED = f"its certificate cannot be verified; {CERTIFICATE_ADVICE}"


def _unreachable(why: str) -> Line:
    return ill(f"Discord cannot be reached: {why}.")


UNVERIFIED_CERTIFICATE = _unreachable(UNVERIFIED)
NO_GATEWAY = _unreachable(
    "what answers at DISCORD_API_URL names no gateway that can be used; give the address with its "
    "path, such as https://discord.com/api/v10"
)


def settings_read(source: str) -> Line:
    """Return that the settings can be read from their `source`."""
    return well(f"The settings can be read: from {source}.")


def packages_line(differences: Sequence[str] | None) -> Line:
    """Return whether the packages are the pinned ones; None if it is not known."""
    if differences is None:
        return note("The installed packages are not compared, as there is no requirements.txt.")
    if not differences:
        return well("The installed packages are those that requirements.txt pins.")
    more = len(differences) - MOST_PACKAGES
    named = ", ".join(differences[:MOST_PACKAGES]) + (f" and {more} more" if more > 0 else "")
    return ill(
        f"The installed packages are not those that requirements.txt pins: {named}. Install them "
        "again: python -m pip install -r requirements.txt"
    )


def identity_line(name: str, application_id: int) -> Line:
    """Return which of Discord's applications the bot is."""
    return note(f"The bot is {name}, application {application_id}.")


def invite_address(application_id: int) -> Line:
    """Return the address with which the bot is invited; it asks for no permission."""
    scopes = ("bot", "applications.commands")
    permissions = discord.Permissions.none()
    url = discord.utils.oauth_url(application_id, permissions=permissions, scopes=scopes)
    return note(f"Invite it with {url}")


def shards_line(ids: Sequence[int], count: int) -> Line:
    """Return which shards this process has, whose servers alone it is told of."""
    named = ", ".join(map(str, ids))
    return note(f"This process has only the servers of these shards, of {count} in all: {named}.")


def connected_line(count: int, *, own_cad: bool) -> Line:
    """Return how many of the bot's servers may reach a CAD; `own_cad` if the host has one."""
    if count:
        return well(f"Connected to the CAD: {'1 server' if count == 1 else f'{count:,} servers'}.")
    if not own_cad:
        return note(
            "Connected to a CAD: no server yet. Administrators use /callnote-config connect there."
        )
    return note(
        "Connected to the CAD: no server yet. Use /callnote-config connect there as the "
        "application's owner, or name it in DISCORD_GUILD_IDS."
    )


def commands_line(missing: Collection[str]) -> Line:
    """Return whether the commands are registered with Discord; `missing` are not."""
    if not missing:
        return well("The commands are registered with Discord.")
    # A command of a message's menu is known by the space in its name.
    names = ", ".join(name if " " in name else f"/{name}" for name in missing)
    return note(f"Not registered with Discord yet: {names}; the bot does that at its start.")


def answered_with(status: int, *, elsewhere: bool) -> Line:
    """Return the line about an error status; `elsewhere` if DISCORD_API_URL is set."""
    if elsewhere and status < 500:
        return _unreachable(f"it answered with status {status}; check DISCORD_API_URL and its path")
    return _unreachable(f"it answered with status {status}; try again in a moment")


def closed_with(code: int) -> Line:
    """Return the line about a connection to the gateway that Discord closed with this code."""
    return _unreachable(f"it closed the connection with code {code}")


def no_answer(*, settings: Sequence[str]) -> Line:
    """Return the line about no answer in time; `settings` are as for `no_connection`."""
    return _unreachable(f"it did not answer in time; check {_network(settings)} and try again")


def no_connection(error: str, *, settings: Sequence[str]) -> Line:
    """Return the line about a connection that failed with this `error`.

    `settings` are the names of those that are set and say how Discord is reached.
    """
    return _unreachable(f"no connection could be made ({error}); check {_network(settings)}")


def _network(settings: Sequence[str]) -> str:
    return " and ".join(["this machine's network", *settings])


def default_roles_line(count: int) -> Line:
    """Return how many roles DISPATCHER_ROLE_IDS names."""
    if not count:
        return note(
            "DISPATCHER_ROLE_IDS names no role: each server's administrators choose its roles."
        )
    roles = "1 role" if count == 1 else f"{count} roles"
    return note(
        f"DISPATCHER_ROLE_IDS names {roles}, for the servers whose administrators have not chosen "
        "their own."
    )


def database_failed(shown: str, why: str) -> Line:
    """Return the line about a database, as `shown`, that cannot be used."""
    return ill(f"Database: {shown}: {why}")


def database_opened(shown: str, *, empty: bool, newest: bool) -> Line:
    """Return the line about a database that works: without tables, of an older version, or not."""
    if empty:
        return note(f"Database: {shown} has no tables yet; the bot makes them.")
    if not newest:
        return note(f"Database: {shown} is of an older version; the bot updates it.")
    return well(f"Database: {shown} works.")


def sealed_line(count: int) -> Line | None:
    """Return that so many servers' API keys cannot be decrypted; None if all can."""
    if not count:
        return None
    servers = "1 server's API key" if count == 1 else f"{count:,} servers' API keys"
    return ill(f"{servers} cannot be decrypted: add the key that was used then to CREDENTIALS_KEY.")


def connection_failed(error: Exception) -> str:
    """Return why Discord cannot be reached, for the log."""
    if isinstance(error, discord.ConnectionClosed):
        return f"it closed the connection with code {error.code}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{UNVERIFIED} ({error.certificate_error})"
    return f"{type(error).__name__}: {error}"
