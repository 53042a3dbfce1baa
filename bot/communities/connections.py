"""Decides which guilds are connected to the CAD; from any other, nothing reaches it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum, auto

import discord

from bot.communities.problems import ConnectionProblem
from bot.communities.registry import Communities
from bot.communities.shards import Shards
from bot.interactions.errors import Refusal
from bot.outbox import WaitingNotes
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.timing import Timing, loop_time


class Connection(StrEnum):
    """How a guild is connected, or why it is not; strings, as those are hashed without a call."""

    GUILD_ID = auto()  # the host's setting DISCORD_GUILD_IDS names it
    ROLE_ID = auto()  # a role that the host's setting DISPATCHER_ROLE_IDS names belongs to it
    CHOICE = auto()  # the application's owner connected it in Discord
    CREDENTIALS = auto()  # an administrator entered credentials, to whichever CAD they belong
    KEY_REPLACED = auto()
    """An administrator entered credentials, and another guild of that community a newer key."""
    SEALED = auto()  # an administrator entered credentials, which no CREDENTIALS_KEY opens
    NEVER = auto()  # it was never connected nor disconnected
    UNDONE = auto()  # it was disconnected in Discord
    NOT_MEMBER = auto()
    """The bot is not in it: it was invited with the scope `applications.commands` alone."""
    ROLES_UNKNOWN = auto()  # Discord has not sent its roles yet
    SETTINGS_UNKNOWN = auto()  # the settings have not been read yet

    @property
    def connected(self) -> bool:
        """Whether the guild may reach the CAD."""
        return self in _CONNECTED


_REFUSAL = "refusal"  # the key in an interaction's extras for its refusal or None

_CONNECTED = {Connection.GUILD_ID, Connection.ROLE_ID, Connection.CHOICE, Connection.CREDENTIALS}
_UNKNOWN = {Connection.NOT_MEMBER, Connection.ROLES_UNKNOWN, Connection.SETTINGS_UNKNOWN}
"""What `Connections.of` returns while it cannot tell."""
_UNDECIDED = _UNKNOWN | {Connection.KEY_REPLACED, Connection.SEALED}
"""How a guild may be connected again without anybody connecting it, so that its notes wait."""
_PROBLEMS = {
    Connection.NEVER: ConnectionProblem.NOT_CONNECTED,
    Connection.UNDONE: ConnectionProblem.NOT_CONNECTED,
    Connection.KEY_REPLACED: ConnectionProblem.KEY_REPLACED,
    Connection.SEALED: ConnectionProblem.CREDENTIALS_SEALED,
    Connection.NOT_MEMBER: ConnectionProblem.NOT_MEMBER,
    Connection.ROLES_UNKNOWN: SettingProblem.GUILD_NOT_READY,
    Connection.SETTINGS_UNKNOWN: ConnectionProblem.CONNECTION_UNKNOWN,
}


class Connections:
    """The connected guilds: those in the host's settings, and those connected in Discord.

    A guild's own credentials win over whatever connects it to the host's community. `guild_ids` and
    `role_ids` are from the host's settings, and count nothing where the host has no community;
    `shards`, too, which is None for a process that serves all of Discord's.
    """

    def __init__(
        self,
        settings: SettingsCache,
        communities: Communities,
        *,
        guild_ids: frozenset[int],
        role_ids: frozenset[int],
        shards: Shards | None,
        timing: Timing,
    ) -> None:
        self._settings = settings
        self._communities = communities
        self._first_guilds = timing.first_guilds
        self._hosts = communities.host is not None
        self._guild_ids = guild_ids if self._hosts else frozenset()
        self._role_ids = role_ids if self._hosts else frozenset()
        self._shards = shards
        self._client: discord.Client | None = None
        self._alone_since = loop_time()
        # The guilds that were left, with the objects of those that discord.py keeps all the same.
        self._left: dict[int, discord.Guild | None] = {}
        # Guilds seen with one of these roles, for when they are unavailable.
        self._with_role: set[int] = set()

    def use(self, client: discord.Client | None) -> None:
        """Use this client from now on; None while there is none."""
        if client is None and self._client is not None and self._client.is_ready():
            self._alone_since = loop_time()
        self._client = client

    def leave(self, guild: discord.Guild) -> bool:
        """Note that the bot left a guild; returns whether that is news.

        If it is added again, discord.py makes another object for the guild.
        """
        news = self._left.get(guild.id) is not guild
        kept = self._client is not None and self._client.get_guild(guild.id) is guild
        self._left[guild.id] = guild if kept else None
        return news

    def join(self, guild_id: int) -> None:
        """Note that the bot was added to a guild."""
        self._left.pop(guild_id, None)

    def of(
        self, guild: discord.Guild, user: discord.User | discord.Member | None = None
    ) -> Connection:
        """Return how a guild is connected.

        `user` used a command there, so that their roles are known to be roles of it; the guild's
        own list is empty while it is unavailable.
        """
        if self._member_of(guild.id) is None:
            return Connection.NOT_MEMBER
        return self._of_member(guild, _role_ids(user))

    def community_of(self, guild_id: int) -> str:
        """Return the community whose CAD a guild may see now; refuses like `refusal`.

        It may have been disconnected since its interaction was admitted, and is then named as one
        of the host's by `Communities.name_of`.
        """
        guild = self._member_of(guild_id)
        connection = Connection.NOT_MEMBER if guild is None else self._of_member(guild)
        if not connection.connected:
            raise Refusal(_PROBLEMS[connection])
        return self._communities.name_of(guild_id)

    def _of_member(self, guild: discord.Guild, known: Collection[int] = ()) -> Connection:
        """Return how a guild that the bot is in is connected; `known` are ids of its roles."""
        if (own := self._by_credentials(guild.id)) is not None:
            return own
        if guild.id in self._guild_ids:
            return Connection.GUILD_ID
        if any(each in known or guild.get_role(each) for each in self._role_ids):
            self._with_role.add(guild.id)
            return Connection.ROLE_ID
        if guild.roles:
            self._with_role.discard(guild.id)
        elif guild.id in self._with_role:
            return Connection.ROLE_ID
        if not self._settings.known:
            return Connection.SETTINGS_UNKNOWN
        chosen = self._settings.of(guild.id).connected
        if chosen and self._hosts:
            return Connection.CHOICE
        if self._role_ids and not guild.roles:
            return Connection.ROLES_UNKNOWN
        return Connection.NEVER if chosen is None else Connection.UNDONE

    def _by_credentials(self, guild_id: int) -> Connection | None:
        """Return how a guild's own credentials connect it; None if it has none."""
        if not self._settings.known:
            # Where there can be some, even a guild that the host names may have a CAD of its own.
            return Connection.SETTINGS_UNKNOWN if self._communities.accepts_new else None
        own = self._communities.entered.of_guild(guild_id)
        if own is None:
            return None
        if own.credentials is None:
            return Connection.SEALED
        current = self._communities.current(guild_id)
        return Connection.CREDENTIALS if current else Connection.KEY_REPLACED

    def refusal(self, interaction: discord.Interaction) -> Refusal | None:
        """Return why an interaction is refused; the same at every call.

        That is NOT_CONNECTED, NOT_MEMBER where the bot is not in the guild, CONNECTION_UNKNOWN or
        GUILD_NOT_READY while it is not known, and KEY_REPLACED or CREDENTIALS_SEALED where the
        guild's own credentials cannot be used. None for a connected guild, and in a direct message.
        """
        if _REFUSAL not in interaction.extras:
            interaction.extras[_REFUSAL] = self._refusal(interaction)
        refusal: Refusal | None = interaction.extras[_REFUSAL]
        return refusal

    def _refusal(self, interaction: discord.Interaction) -> Refusal | None:
        if interaction.guild is None:
            return None
        connection = self.of(interaction.guild, interaction.user)
        return None if connection.connected else Refusal(_PROBLEMS[connection])

    def check_known(self, connection: Connection) -> None:
        """Refuse as `refusal` does while it is not known how a guild is connected."""
        if connection in _UNKNOWN:
            raise Refusal(_PROBLEMS[connection])

    def check_connected(self, connection: Connection) -> None:
        """Refuse as `refusal` does unless a guild is connected, or was with its own credentials."""
        if connection in _UNKNOWN | {Connection.NEVER, Connection.UNDONE}:
            raise Refusal(_PROBLEMS[connection])

    def waiting_notes(self, guild_id: int, community: str) -> WaitingNotes:
        """Return what to do with a guild's waiting notes for a community.

        They are withdrawn if the bot was removed from it, it is not connected, or it is connected
        to another community now; and kept while that is not known or its own credentials cannot be
        used. After `timing.first_guilds` without Discord they are sent if the guild is known to be
        connected all the same. Those of a guild that another process serves, which ended, were
        accepted as the guild was connected: they are sent unless it was disconnected.
        """
        if self._settings.known and self._communities.name_of(guild_id) != community:
            return WaitingNotes.WITHDRAW
        if (guild := self._member_of(guild_id)) is not None:
            connection = self._of_member(guild)
            if connection.connected:
                return WaitingNotes.SEND
            return WaitingNotes.KEEP if connection in _UNDECIDED else WaitingNotes.WITHDRAW
        if self.in_guild(guild_id) is False:
            return WaitingNotes.WITHDRAW
        if not self._serves(guild_id) and self._settings.known:
            if (own := self._by_credentials(guild_id)) is not None:
                return WaitingNotes.SEND if own.connected else WaitingNotes.KEEP
            undone = self._settings.of(guild_id).connected is False
            return WaitingNotes.KEEP if undone else WaitingNotes.SEND
        alone = loop_time() - self._alone_since >= self._first_guilds
        return WaitingNotes.SEND if alone and self._without_discord(guild_id) else WaitingNotes.KEEP

    def in_guild(self, guild_id: int) -> bool | None:
        """Whether the bot is in a guild, even an unavailable one; None while that is not known.

        That includes a guild that another process serves.
        """
        if self._member_of(guild_id) is not None:
            return True
        if not self._serves(guild_id):
            return None
        # Before it is ready, a client may not have all guilds of all its shards.
        ready = self._client is not None and self._client.is_ready()
        return False if ready else None

    def _serves(self, guild_id: int) -> bool:
        return self._shards is None or self._shards.serve(guild_id)

    def _member_of(self, guild_id: int) -> discord.Guild | None:
        guild = None if self._client is None else self._client.get_guild(guild_id)
        return None if guild is self._left.get(guild_id) else guild

    def _without_discord(self, guild_id: int) -> bool:
        """Whether a guild is connected, as far as is known without Discord."""
        if guild_id in self._left:
            return False
        if (own := self._by_credentials(guild_id)) is not None:
            return own.connected
        chosen = self._hosts and self._settings.known and self._settings.of(guild_id).connected
        return bool(chosen) or guild_id in self._guild_ids | self._with_role

    def to_be_connected(self, guild: discord.Guild) -> bool:
        """Whether a guild has settings and was never connected nor disconnected."""
        return self._settings.has_settings(guild.id) and self.of(guild) is Connection.NEVER


def _role_ids(user: discord.User | discord.Member | None) -> Collection[int]:
    """Return a member's role ids; `Member.roles` has only those in the guild cache."""
    return user._roles if isinstance(user, discord.Member) else ()
