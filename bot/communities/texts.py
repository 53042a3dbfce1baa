"""The texts about connecting a guild to the CAD."""

from __future__ import annotations

from bot.communities.connections import Connection
from bot.communities.problems import ConnectionProblem
from bot.interactions.markdown import escape_markdown
from bot.interactions.texts import Catalogue

CONNECTED_BY = {
    Connection.GUILD_ID: "by the host's setting DISCORD_GUILD_IDS",
    Connection.ROLE_ID: "by a role in the host's setting DISPATCHER_ROLE_IDS",
    Connection.CHOICE: "with /callnote-config connect",
}
"""How a guild is connected, in words."""

CONNECTED_NOW = "Connected. Next, choose who may add notes: /callnote-config roles"
CONNECT = "Connect"  # the label of the button that connects a guild

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
}
"""None of these reveals anything about a CAD."""


def connect_question(name: str) -> str:
    """Ask the application's owner whether a guild is to be connected."""
    return escape_markdown(
        f"Connect {name} to your community's Sonoran CAD? Then its administrators choose who may "
        "add notes."
    )


def whom_to_ask(guild_id: int) -> str:
    """Say who can connect a guild, with the id that they need."""
    return (
        "Only the bot's host can connect this server. Give them its id for "
        f"DISCORD\\_GUILD\\_IDS, or ask them to use /callnote-config connect here: {guild_id}"
    )


def connected_already(connection: Connection) -> str:
    """Say that there is nothing to connect."""
    return escape_markdown(f"This server is connected already, {CONNECTED_BY[connection]}.")


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
