"""Decides whether a guild is connected to the CAD: without that, nothing reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto

import discord

from bot.communities.problems import ConnectionProblem
from bot.interactions.errors import Refusal
from bot.outbox import WaitingNotes
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.timing import Timing, loop_time


class Connection(Enum):
    """How a guild is connected, or why it is not."""

    GUILD_ID = auto()
    """The host's setting DISCORD_GUILD_IDS names it."""
    ROLE_ID = auto()
    """A role that the host's setting DISPATCHER_ROLE_IDS names belongs to it."""
    CHOICE = auto()
    """The application's owner connected it in Discord."""
    NEVER = auto()
    """Nobody connected it, nor decided not to."""
    UNDONE = auto()
    """It was disconnected in Discord."""
    NOT_MEMBER = auto()
    """The bot is not in it: it was invited with the scope for commands alone."""
    ROLES_UNKNOWN = auto()
    """Discord has not told yet which roles it has."""
    SETTINGS_UNKNOWN = auto()
    """The settings were not read since the start."""

    @property
    def connected(self) -> bool:
        """Whether the guild may reach the CAD."""
        return self in _CONNECTED


_REFUSAL = "refusal"  # the key of what was decided about an interaction, in its extras

_CONNECTED = frozenset({Connection.GUILD_ID, Connection.ROLE_ID, Connection.CHOICE})
_PROBLEMS = {
    Connection.NEVER: ConnectionProblem.NOT_CONNECTED,
    Connection.UNDONE: ConnectionProblem.NOT_CONNECTED,
    Connection.NOT_MEMBER: ConnectionProblem.NOT_MEMBER,
    Connection.ROLES_UNKNOWN: SettingProblem.GUILD_NOT_READY,
    Connection.SETTINGS_UNKNOWN: ConnectionProblem.CONNECTION_UNKNOWN,
}


class Connections:
    """The connected guilds: those that the host's settings name, and those chosen in Discord.

    `guild_ids` and `role_ids` are the host's; `clock` is the event loop's.
    """

    def __init__(
        self,
        settings: SettingsCache,
        *,
        guild_ids: frozenset[int] = frozenset(),
        role_ids: frozenset[int] = frozenset(),
        clock: Callable[[], float] = loop_time,
        timing: Timing = Timing(),
    ) -> None:
        self._settings = settings
        self._first_guilds = timing.first_guilds
        self._guild_ids = guild_ids
        self._role_ids = role_ids
        self._clock = clock
        self._client: discord.Client | None = None
        self._alone_since = clock()
        self._left: dict[int, discord.Guild] = {}
        # The guilds that were seen with one of these roles, for when they are unavailable.
        self._with_role: set[int] = set()

    def use(self, client: discord.Client | None) -> None:
        """Ask this connection to Discord from now on; None while there is none."""
        if client is None and self._client is not None and self._client.is_ready():
            self._alone_since = self._clock()
        self._client = client

    def leave(self, guild: discord.Guild) -> bool:
        """Take note that the bot is not in a guild any more; returns whether that is news.

        If the bot is added again, discord.py has another object for it.
        """
        news = self._left.get(guild.id) is not guild
        self._left[guild.id] = guild
        return news

    def join(self, guild_id: int) -> None:
        """Take note that the bot was added to a guild."""
        self._left.pop(guild_id, None)

    def of(self, guild: discord.Guild, role_ids: Iterable[int] = ()) -> Connection:
        """Return how a guild is connected.

        `role_ids` are known to belong to it, as roles of the member who used a command there;
        those of the guild itself are not known while it is unavailable.
        """
        if self._member_of(guild.id) is None:
            return Connection.NOT_MEMBER
        if guild.id in self._guild_ids:
            return Connection.GUILD_ID
        if not self._role_ids.isdisjoint(role_ids) or any(map(guild.get_role, self._role_ids)):
            self._with_role.add(guild.id)
            return Connection.ROLE_ID
        if guild.roles:
            self._with_role.discard(guild.id)
        elif guild.id in self._with_role:
            return Connection.ROLE_ID
        if not self._settings.known:
            return Connection.SETTINGS_UNKNOWN
        chosen = self._settings.of(guild.id).connected
        if chosen:
            return Connection.CHOICE
        if self._role_ids and not guild.roles:
            return Connection.ROLES_UNKNOWN
        return Connection.NEVER if chosen is None else Connection.UNDONE

    def refusal(self, interaction: discord.Interaction) -> Refusal | None:
        """Return why an interaction is not let in; the same however often it is asked.

        That is NOT_CONNECTED, NOT_MEMBER where the bot is not in the guild, and
        CONNECTION_UNKNOWN or GUILD_NOT_READY while nobody can tell; None for a connected guild,
        and for an interaction that comes from none.
        """
        if _REFUSAL not in interaction.extras:
            interaction.extras[_REFUSAL] = self._refusal(interaction)
        refusal: Refusal | None = interaction.extras[_REFUSAL]
        return refusal

    def _refusal(self, interaction: discord.Interaction) -> Refusal | None:
        if interaction.guild is None:
            return None
        connection = self.of(interaction.guild, role_ids_of(interaction.user))
        return None if connection.connected else Refusal(_PROBLEMS[connection])

    def check_known(self, connection: Connection) -> None:
        """Refuse as `refusal` does while nobody can tell how a guild is connected."""
        problem = _PROBLEMS.get(connection, ConnectionProblem.NOT_CONNECTED)
        if problem is not ConnectionProblem.NOT_CONNECTED:
            raise Refusal(problem)

    def waiting_notes(self, guild_id: int) -> WaitingNotes:
        """Return what is to become of a guild's waiting notes.

        They are withdrawn when the bot was removed from it or it is not connected, and kept while
        nobody can tell. Discord is waited for `timing.first_guilds`; after that they are sent for a
        guild that is known to be connected without it.
        """
        guild = self._member_of(guild_id)
        if guild is not None:
            connection = self.of(guild)
            if connection.connected:
                return WaitingNotes.SEND
            unknown = (Connection.ROLES_UNKNOWN, Connection.SETTINGS_UNKNOWN)
            return WaitingNotes.KEEP if connection in unknown else WaitingNotes.WITHDRAW
        # Before it is ready, a client may not have been told of all guilds.
        if self._client is not None and self._client.is_ready():
            return WaitingNotes.WITHDRAW
        alone = self._clock() - self._alone_since >= self._first_guilds
        return WaitingNotes.SEND if alone and self._without_discord(guild_id) else WaitingNotes.KEEP

    def _member_of(self, guild_id: int) -> discord.Guild | None:
        guild = None if self._client is None else self._client.get_guild(guild_id)
        return None if guild is self._left.get(guild_id) else guild

    def _without_discord(self, guild_id: int) -> bool:
        """Whether a guild is connected by what is known here."""
        if guild_id in self._left:
            return False
        chosen = self._settings.known and self._settings.of(guild_id).connected
        return bool(chosen) or guild_id in self._guild_ids | self._with_role

    def to_be_connected(self, guild: discord.Guild) -> bool:
        """Whether a guild has settings, but nobody said yet whether to connect it.

        Those of an earlier version of Callnote have to be connected once.
        """
        return self._settings.has_settings(guild.id) and self.of(guild) is Connection.NEVER

    async def connect(self, guild: discord.Guild, member_id: int) -> None:
        """Connect a guild; raises as `SettingsCache.change` does."""
        await self._settings.set(guild.id, member_id, "connected to the CAD", connected=True)

    async def disconnect(self, guild: discord.Guild, member_id: int) -> Connection:
        """Undo `connect`, and return how the guild is connected then; raises as it does.

        It still is where a setting of the host's connects it.
        """
        await self._settings.set(guild.id, member_id, "disconnected from the CAD", connected=False)
        return self.of(guild)


def role_ids_of(user: discord.User | discord.Member) -> Iterable[int]:
    """Return the ids of a member's roles, which the interaction itself has.

    There is no public name for them: `Member.roles` knows only those in the guild cache.
    """
    return user._roles if isinstance(user, discord.Member) else ()
