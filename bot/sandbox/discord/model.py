"""The people, roles and channels that exist in the simulator."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.permissions import (
    ADMINISTRATOR,
    ORDINARY_PERMISSIONS,
    member_overwrites,
    resolved,
)
from bot.sandbox.discord.snowflakes import timestamp_now

if TYPE_CHECKING:
    from bot.sandbox.discord.guild import Guild

# Discord API docs, Channels Resource, "Channel Types".
TEXT_CHANNEL, DIRECT_CHANNEL, VOICE_CHANNEL, ANNOUNCEMENT_CHANNEL = 0, 1, 2, 5


@dataclass(eq=False)
class User:
    """A Discord account (Discord API docs, User Resource)."""

    id: int
    username: str
    global_name: str | None = None
    bot: bool = False

    @property
    def mention(self) -> str:
        """The text that mentions this person."""
        return f"<@{self.id}>"

    def payload(self) -> JSON:
        """Return the user object."""
        payload: JSON = {
            "id": str(self.id),
            "username": self.username,
            "global_name": self.global_name,
            "discriminator": "0",
            "avatar": None,
            "avatar_decoration_data": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }
        if self.bot:
            payload["bot"] = True
        return payload


@dataclass(eq=False)
class Role:
    """A role of a guild (Discord API docs, Permissions, "Role Object").

    `bot_id` is set for a role that Discord made for a bot; nobody can give such a role away.
    """

    id: int
    name: str
    permissions: int = 0
    position: int = 1
    bot_id: int | None = None

    @property
    def managed(self) -> bool:
        """Whether the role belongs to a bot."""
        return self.bot_id is not None

    @property
    def mention(self) -> str:
        """The text that mentions this role."""
        return f"<@&{self.id}>"

    def payload(self) -> JSON:
        """Return the role object; `tags` says whose a managed role is ("Role Tags Structure")."""
        payload: JSON = {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(self.permissions),
            "managed": self.managed,
            "mentionable": False,
            "flags": 0,
        }
        if self.managed:
            payload["tags"] = {"bot_id": str(self.bot_id)}
        return payload


@dataclass(eq=False)
class Channel:
    """A place for messages: a channel of a guild, or (without a guild) a direct message.

    `app_permissions` is what the bot itself may do here, as Discord's bit field; connected
    clients hear of a change by `set_app_permissions` only. `deleted` channels are known to
    those who still hold them.
    """

    id: int
    name: str
    guild: "Guild | None" = None
    type: int = 0
    recipient: User | None = None
    app_permissions: int = ORDINARY_PERMISSIONS
    position: int = 0
    deleted: bool = False

    @property
    def mention(self) -> str:
        """The text that links to this channel."""
        return f"<#{self.id}>"

    def set_app_permissions(self, permissions: int) -> None:
        """Change what the bot may do here, and announce it.

        Raises ValueError for a direct message, whose permissions are nobody's to change.
        """
        if self.guild is None:
            raise ValueError("A direct message has no permissions to change")
        self.app_permissions = permissions
        self.guild.announce("CHANNEL_UPDATE", self.payload())

    def payload(self) -> JSON:
        """Return the channel object (Discord API docs, Channels Resource).

        Its overwrites lead a client that knows the bot's roles to `app_permissions`.
        """
        payload = self.partial_payload()
        if self.guild is not None:
            payload["permission_overwrites"] = member_overwrites(
                self.guild.me.id, self.guild.base_permissions, self.app_permissions
            )
        return payload

    def partial_payload(self) -> JSON:
        """Return the channel as interactions show it, without overwrites.

        Source: Discord API docs, Receiving and Responding to Interactions, "Resolved Data
        Structure".
        """
        payload: JSON = {"id": str(self.id), "type": self.type, "last_message_id": None, "flags": 0}
        if self.recipient is not None:
            return payload | {"recipients": [self.recipient.payload()]}
        payload |= {
            "name": self.name,
            "guild_id": str(self.guild.id) if self.guild else None,
            "position": self.position,
            "nsfw": False,
            "topic": None,
            "rate_limit_per_user": 0,
            "parent_id": None,
        }
        if self.type == VOICE_CHANNEL:
            payload |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        return payload


@dataclass(eq=False)
class Member:
    """A person in a guild. `permissions` is what they may do in every channel."""

    user: User
    guild: "Guild"
    nick: str | None = None
    roles: list[Role] = field(default_factory=list)
    permissions: int = ORDINARY_PERMISSIONS
    joined_at: str = field(default_factory=timestamp_now)

    @property
    def id(self) -> int:
        """The person's user id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """The text that mentions this person."""
        return self.user.mention

    @property
    def display_name(self) -> str:
        """The name that readers see: nickname, else global name, else user name."""
        return self.nick or self.user.global_name or self.user.username

    @property
    def resolved_permissions(self) -> int:
        """What Discord says the person may do: administrators and the owner everything.

        Source: Discord API docs, Permissions, "Permission Overwrites".
        """
        owner = self.guild.owner is self
        return resolved(self.permissions | (ADMINISTRATOR if owner else 0))

    def payload(self, *, with_user: bool = True) -> JSON:
        """Return the guild member object (Discord API docs, Guild Resource)."""
        payload: JSON = {
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "roles": [str(role.id) for role in self.roles],
            "joined_at": self.joined_at,
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }
        if with_user:
            payload["user"] = self.user.payload()
        return payload
