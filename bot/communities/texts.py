"""The texts about connecting a guild to the CAD."""

from __future__ import annotations

from collections.abc import Callable

from bot.communities.connections import Connection
from bot.communities.problems import ConnectionProblem, CredentialsProblem
from bot.interactions.markdown import escape_markdown
from bot.interactions.texts import Catalogue
from bot.sonoran import Reason

CONNECTED_BY = {
    Connection.GUILD_ID: "by the host's setting DISCORD_GUILD_IDS",
    Connection.ROLE_ID: "by a role in the host's setting DISPATCHER_ROLE_IDS",
    Connection.CHOICE: "with /callnote-config connect",
    Connection.CREDENTIALS: "with an API key from /callnote-config connect",
}
"""How a guild is connected, in words."""

CONNECTED_NOW = "Connected. Next, choose who may add notes: /callnote-config roles"
CONNECT = "Connect"  # the label of the button that connects a guild
OTHER_CAD = "Connect another CAD"  # the label of the button that shows the form

FORM_TITLE = "Connect your Sonoran CAD"
COMMUNITY_ID, API_KEY = "Community id", "API key"
COMMUNITY_ID_HELP = "Only where the CAD asks for it: it stands beside the key."
API_KEY_HELP = "In Sonoran CAD: Admin > In-Game Integration > API"

_SAID_LIMIT = 100  # characters of the CAD's own text

CAD_TROUBLE = {
    Reason.NO_CONNECTION: "cannot be reached",
    Reason.UNVERIFIED_CERTIFICATE: "has a certificate that cannot be verified",
    Reason.NO_ANSWER: "did not answer in time",
    Reason.BROKEN_CONNECTION: "broke the connection",
    Reason.SERVER_ERROR: "had an internal error",
    Reason.UNCLEAR_REPLY: "gave an answer that cannot be read",
    Reason.TURNED_AWAY: "is behind a firewall that turned Callnote away",
}
"""What the CAD did, in words."""


def _cad_trouble(why: Reason) -> str:
    trouble = CAD_TROUBLE.get(why, CAD_TROUBLE[Reason.UNCLEAR_REPLY])
    return f"Nothing was stored: Sonoran CAD {trouble}. Try again in a moment."


def _refused(what: str, advice: str) -> Callable[[int, str], str]:
    def text(status: int, said: str) -> str:
        answer = said[:_SAID_LIMIT] or f"status {status}"
        return f"Nothing was stored: the CAD refused {what} ({answer}). {advice}"

    return text


TEXTS: Catalogue = {
    ConnectionProblem.NOT_CONNECTED: (
        "This server is not connected yet: an administrator can start that with /callnote-config "
        "connect."
    ),
    ConnectionProblem.NOT_MEMBER: (
        "Callnote is not a member of this server: invite it again with both scopes, bot and "
        "applications.commands."
    ),
    ConnectionProblem.CONNECTION_UNKNOWN: (
        "Callnote can't reach its database, so it can't tell whether this server is connected: "
        "try again in a moment."
    ),
    ConnectionProblem.OWNERS_UNKNOWN: (
        "Discord did not say who owns this bot: try again in a moment."
    ),
    ConnectionProblem.KEY_REPLACED: (
        "Another server has entered a newer API key for your CAD: an administrator must enter it "
        "here, too, with /callnote-config connect."
    ),
    ConnectionProblem.CREDENTIALS_SEALED: (
        "This server's API key can't be decrypted: ask the bot's host to correct CREDENTIALS_KEY. "
        "If it is lost and a new one is set, enter the API key again with /callnote-config connect."
    ),
    ConnectionProblem.NO_HOSTS_CAD: (
        "Nothing was connected: this bot's host has no CAD any more. An administrator can connect "
        "this server to its own: /callnote-config connect"
    ),
    CredentialsProblem.NOT_OFFERED: (
        "Nothing was stored: this bot serves its host's community only."
    ),
    CredentialsProblem.MALFORMED: (
        "Nothing was stored: an API key or community id is one word without spaces. Copy it whole "
        "and try again: /callnote-config connect"
    ),
    CredentialsProblem.TOO_MANY_TRIES: (
        "Nothing was tried: there were too many tries, and wrong keys can get the API blocked. "
        "Look at the key in the CAD, and try again in 10 minutes."
    ),
    CredentialsProblem.OTHERS_TRIED: (
        "Nothing was tried: other servers have just tried too many keys, and wrong ones can get "
        "the API blocked for all. Try again in 10 minutes."
    ),
    CredentialsProblem.COMMUNITY_ID_NEEDED: (
        "Nothing was stored: this CAD needs the community id, too. Try again: /callnote-config "
        "connect"
    ),
    CredentialsProblem.KEY_REFUSED: _refused(
        "the API key or community id", "Copy both again and see that the API is enabled."
    ),
    CredentialsProblem.PLAN_REFUSED: _refused(
        "the API key, as the community's plan has no API",
        "Connect the server when the plan has it.",
    ),
    CredentialsProblem.CAD_TROUBLE: _cad_trouble,
    CredentialsProblem.CAD_BUSY: (
        "Nothing was stored: Sonoran CAD gets too many requests with this key. Try again in a "
        "minute."
    ),
    CredentialsProblem.HOSTS_COMMUNITY: (
        "Nothing was stored: this is the community of the bot's host, whose API key is another "
        "one. Ask the host to connect this server, or for the present key."
    ),
}
"""None of these reveals anything about a CAD."""


def connect_question(name: str, *, own_key: bool) -> str:
    """Ask the application's owner whether a guild is to be connected.

    `own_key` says that it has an API key of its own, which cannot be used.
    """
    ending = " The API key that was entered here, which can't be used, is deleted." * own_key
    return escape_markdown(
        f"Connect {name} to your community's Sonoran CAD? Then its administrators choose who may "
        f"add notes.{ending}"
    )


def whom_to_ask(guild_id: int) -> str:
    """Say who can connect a guild, with the id that they need."""
    return (
        "Only the bot's host can connect this server. This bot serves its host's community only. "
        "Ask them to use /callnote-config connect here, or to add this server's id to "
        f"DISCORD\\_GUILD\\_IDS: {guild_id}"
    )


def connected_already(connection: Connection) -> str:
    """Say that there is nothing to connect."""
    return escape_markdown(f"This server is connected already, {CONNECTED_BY[connection]}.")


def other_question(connection: Connection) -> str:
    """Say how a guild is connected, above the button that connects it to another CAD."""
    return f"{connected_already(connection)} You can connect it to another CAD."


def connected_to_own(name: str, *, again: bool) -> str:
    """Confirm that a guild is connected to a community of its own; `again` after a renewed key."""
    if again:
        return escape_markdown(f"The API key for the CAD of {name} is stored.")
    return escape_markdown(
        f"Connected to the CAD of {name}. Next, choose who may add notes: /callnote-config roles"
    )


def disconnected_now(connection: Connection) -> str:
    """Confirm that a guild was disconnected, or say what still connects it."""
    if connection.connected:
        return escape_markdown(
            f"This server is still connected, {CONNECTED_BY[connection]}: only the bot's "
            "host can change that."
        )
    if connection is not Connection.UNDONE:
        return (
            "Disconnected, unless the host's settings connect this server: see /callnote-config "
            "status in a moment."
        )
    return "Disconnected. Nobody can add notes here, and waiting notes are withdrawn."
