"""A guild of the simulator: its roles, channels and members."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.model import (
    ANNOUNCEMENT_CHANNEL,
    ANNOUNCEMENT_THREAD,
    PUBLIC_THREAD,
    STAGE_CHANNEL,
    TEXT_CHANNEL,
    VOICE_CHANNEL,
    Role,
    User,
)
from bot.sandbox.discord.permissions import (
    ADMINISTRATOR,
    CONNECT,
    ORDINARY_PERMISSIONS,
    member_overwrites,
    resolved,
)
from bot.sandbox.discord.snowflakes import Snowflakes, timestamp_now

Announce = Callable[[str, JSON], None]
"""Sends an event, given its name and data, to the clients that serve the guild."""


class Guild:
    """A guild with its roles, channels and members; made by `DiscordServer.add_guild`.

    Whatever changes by its methods is announced to connected clients as Discord does. One that is
    not `available` is in an outage: the bot is in it, but is not sent its contents.
    """

    def __init__(
        self,
        name: str,
        owner: User,
        application: User,
        snowflakes: Snowflakes,
        users: dict[int, User],
    ) -> None:
        self.id = snowflakes.next()
        self.name = name
        self.locale = "en-US"
        self.available = True
        self.members: dict[int, Member] = {}
        self.channels: dict[int, Channel] = {}
        # Discord API docs, Permissions: the @everyone role has the guild's own id.
        self.everyone = Role(self.id, "@everyone", ORDINARY_PERMISSIONS, 0)
        self.roles: dict[int, Role] = {self.id: self.everyone}
        self._snowflakes = snowflakes
        self.announce: Announce = lambda event, data: None
        self._users = users
        self.me = self.add_member(application)
        self.owner = self.add_member(owner)

    @property
    def base_permissions(self) -> int:
        """What the bot may do before a channel's overwrites (Permissions, same page)."""
        bits = self.everyone.permissions
        for role in self.me.roles:
            bits |= role.permissions
        return bits

    def add_role(self, name: str, *, managed: bool = False) -> Role:
        """Add a role and return it; a `managed` one belongs to some other bot."""
        bot_id = self._snowflakes.next() if managed else None
        role = Role(self._snowflakes.next(), name, 0, len(self.roles), bot_id)
        self.roles[role.id] = role
        self.announce("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.payload()})
        return role

    def rename_role(self, role: Role, name: str) -> None:
        """Give a role another name."""
        role.name = name
        self.announce("GUILD_ROLE_UPDATE", {"guild_id": str(self.id), "role": role.payload()})

    def delete_role(self, role: Role) -> None:
        """Delete a role, which also removes it from its members.

        Clients hear of the role only, not of each member. Raises ValueError for @everyone,
        which cannot be deleted.
        """
        if role is self.everyone:
            raise ValueError("The role @everyone cannot be deleted")
        del self.roles[role.id]
        for member in self.members.values():
            member.roles = [kept for kept in member.roles if kept is not role]
        self.announce("GUILD_ROLE_DELETE", {"guild_id": str(self.id), "role_id": str(role.id)})

    def add_channel(
        self,
        name: str,
        app_permissions: int | None = None,
        *,
        type: int = TEXT_CHANNEL,  # noqa: A002 - Discord's own word
    ) -> Channel:
        """Add a channel in which the bot has `app_permissions`, or the ordinary ones; return it.

        `type` is a text channel (0), a voice channel (2), an announcement channel (5), a stage (13)
        or a forum (15).
        """
        if app_permissions is None:
            spoken = type in {VOICE_CHANNEL, STAGE_CHANNEL}
            app_permissions = ORDINARY_PERMISSIONS | (CONNECT if spoken else 0)
        channel = Channel(
            self._snowflakes.next(),
            name,
            self,
            type=type,
            app_permissions=app_permissions,
            position=len(self.channels),
        )
        self.channels[channel.id] = channel
        self.announce("CHANNEL_CREATE", channel.payload())
        return channel

    def add_thread(self, name: str, parent: Channel) -> Channel:
        """Add a public thread of a channel, or a post of a forum, and return it.

        A thread has its parent's permissions (Discord API docs, Threads, "Permissions").
        """
        announced = parent.type == ANNOUNCEMENT_CHANNEL
        kind = ANNOUNCEMENT_THREAD if announced else PUBLIC_THREAD
        thread = Channel(self._snowflakes.next(), name, self, type=kind, parent=parent)
        thread.app_permissions = parent.app_permissions
        self.channels[thread.id] = thread
        self.announce("THREAD_CREATE", thread.payload())
        return thread

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with all its messages."""
        del self.channels[channel.id]
        channel.deleted = True
        self.announce("CHANNEL_DELETE", channel.payload())

    def add_member(
        self,
        user: str | User,
        *,
        nick: str | None = None,
        roles: Iterable[Role] = (),
        permissions: int = ORDINARY_PERMISSIONS,
    ) -> Member:
        """Add a person, known by a new user name or as an existing user, and return the member.

        `permissions` is the bit field that the person's interactions carry; that of
        administrators and the owner is completed with every other bit.
        """
        if isinstance(user, str):
            user = User(self._snowflakes.next(), user)
        self._users[user.id] = user
        member = Member(user, self, nick, list(roles), permissions)
        self.members[user.id] = member
        self.announce("GUILD_MEMBER_ADD", member.payload() | {"guild_id": str(self.id)})
        return member


@dataclass(eq=False)
class Channel:
    """A place for messages: a channel of a guild, or (without a guild) a direct message.

    `app_permissions` is what the bot itself may do here, as Discord's bit field; connected
    clients hear of a change by `set_app_permissions` only. `deleted` channels are known to
    those who still hold them. A thread has a `parent`, and may be `archived`.
    """

    id: int
    name: str
    guild: Guild | None = None
    type: int = 0
    recipient: User | None = None
    app_permissions: int = ORDINARY_PERMISSIONS
    position: int = 0
    deleted: bool = False
    parent: Channel | None = None
    archived: bool = False

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
        if self.parent is None and self.guild is not None:
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
            "parent_id": str(self.parent.id) if self.parent else None,
        }
        if self.parent is not None and self.guild is not None:
            # Discord API docs, Channels Resource, "Thread Metadata Object".
            payload |= {
                "owner_id": str(self.guild.owner.id),
                "message_count": 0,
                "member_count": 1,
                "thread_metadata": {
                    "archived": self.archived,
                    "locked": False,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": timestamp_now(),
                },
            }
        if self.type in {VOICE_CHANNEL, STAGE_CHANNEL}:
            payload |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        return payload


@dataclass(eq=False)
class Member:
    """A person in a guild. `permissions` is what they may do in every channel."""

    user: User
    guild: Guild
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
