"""The sentences about connecting a server to the CAD."""

from __future__ import annotations

from bot.communities.connections import Connection
from bot.interactions.errors import (
    ConnectionUnknownError,
    NotConnectedError,
    NotMemberError,
    OwnersUnknownError,
    Refusal,
)
from bot.interactions.markdown import escape_markdown

CONNECTED_BY = {
    Connection.GUILD_ID: "by the host's setting DISCORD_GUILD_IDS",
    Connection.ROLE_ID: "by a role in the host's setting DISPATCHER_ROLE_IDS",
    Connection.CHOICE: "with /callnote-config connect",
}
"""How a server is connected, in words."""


def connection_refusal(error: Refusal) -> str | None:
    """Return why a server cannot do something, in one line; None for what is about another matter.

    Whatever it is, it tells nothing of any CAD.
    """
    match error:
        case NotConnectedError():
            return (
                "This server is not connected yet: an administrator can start that with "
                "/callnote-config connect."
            )
        case NotMemberError():
            return (
                "Callnote is not a member of this server: invite it again with both scopes, bot "
                "and applications.commands."
            )
        case ConnectionUnknownError():
            return (
                "Callnote can't reach its database, so it can't tell whether this server is "
                "connected: try again in a moment."
            )
        case OwnersUnknownError():
            return "Discord did not say who owns this bot: try again in a moment."
    return None


def connect_question(name: str) -> str:
    """Ask the application's owner whether a server is to be connected."""
    return escape_markdown(
        f"Connect {name} to your community's Sonoran CAD? Then its administrators choose who may "
        "add notes."
    )


def whom_to_ask(guild_id: int) -> str:
    """Say who can connect a server, with the id that they need for it."""
    return (
        "Only the bot's host can connect this server. Give them its id for "
        f"DISCORD\\_GUILD\\_IDS, or ask them to use /callnote-config connect here: {guild_id}"
    )


def connected_already(connection: Connection) -> str:
    """Say that there is nothing to connect."""
    return escape_markdown(f"This server is connected already, {CONNECTED_BY[connection]}.")


def connected_now() -> str:
    """Confirm that a server is connected."""
    return "Connected. Next, choose who may add notes: /callnote-config roles"


def disconnected_now(connection: Connection) -> str:
    """Confirm that a server was disconnected, or say how it is connected all the same."""
    if connection.connected:
        return escape_markdown(
            f"This server is still connected, {CONNECTED_BY[connection]}: only the bot's "
            "host can change that."
        )
    if connection is not Connection.UNDONE:
        return "Disconnected, unless a setting of the host's connects this server: see in a moment."
    return "Disconnected. Nobody can add notes here, and waiting notes are withdrawn."
