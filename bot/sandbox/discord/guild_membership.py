"""The guilds that the bot is in: it is added, removed, and cut off by outages."""

from abc import ABC

from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Guild
from bot.sandbox.discord.guild_payload import guild_created
from bot.sandbox.discord.model import User
from bot.sandbox.discord.people import People


class GuildMembership(People, ABC):
    """Adds guilds and takes the bot out of them; connected clients hear of it."""

    def add_guild(self, name: str, *, owner: str | User = "owner") -> Guild:
        """Add a guild with the bot in it; connected clients hear of it.

        `owner` is a new account's user name or an existing account.
        """
        world = self.world
        if isinstance(owner, str):
            owner = User(world.snowflakes.next(), owner)
        guild = Guild(name, owner, world.application, world.snowflakes, world.users)
        self._join(guild)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """Take the bot out of a guild; connected clients hear of it.

        Without `unavailable` the event means that the bot was removed (Discord API docs, Gateway
        Events, "Guild Delete").
        """
        self._dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild.id)
        self.forget_guild(guild)

    def forget_guild(self, guild: Guild) -> None:
        """Take the bot out of a guild without a word, as for a client that has no session."""
        del self.world.guilds[guild.id]
        self.world.left_guilds[guild.id] = guild
        guild.announce = lambda event, data: None

    def return_to(self, guild: Guild) -> None:
        """Let a guild that removed the bot add it again."""
        del self.world.left_guilds[guild.id]
        self._join(guild)

    def _join(self, guild: Guild) -> None:
        def announce(event: str, data: JSON) -> None:
            self._dispatch(event, data, guild.id)

        guild.announce = announce
        self.world.guilds[guild.id] = guild
        # Only a guild that was announced as unavailable before says that it no longer is.
        created = {k: v for k, v in guild_created(guild).items() if k != "unavailable"}
        self._dispatch("GUILD_CREATE", created, guild.id)

    def lose_guild(self, guild: Guild) -> None:
        """Let a guild be unavailable, as in an outage; the bot stays in it.

        Discord API docs, Gateway Events, "Guild Delete".
        """
        guild.available = False
        gone = {"id": str(guild.id), "unavailable": True}
        self._dispatch("GUILD_DELETE", gone, guild.id)

    def restore_guild(self, guild: Guild) -> None:
        """Let a guild be available again ("Guild Create", same page)."""
        guild.available = True
        self._dispatch("GUILD_CREATE", guild_created(guild), guild.id)
