"""The people, roles, channels and servers (guilds) that exist in the stand-in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.standins.discord_server.errors import JSON
from bot.standins.discord_server.guild_payload import CONSTANT_GUILD_FIELDS
from bot.standins.discord_server.snowflakes import Snowflakes, timestamp_now

# Discord API docs, Permissions, "Bitwise Permission Flags".
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
USE_APPLICATION_COMMANDS = 1 << 31
ADMINISTRATOR = 1 << 3

ORDINARY_PERMISSIONS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
)
"""What a member without any special role may usually do."""

Announce = Callable[[str, JSON], None]


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
    """A role of a guild (Discord API docs, Permissions, "Role Object")."""

    id: int
    name: str
    permissions: int = 0
    position: int = 1

    @property
    def mention(self) -> str:
        """The text that mentions this role."""
        return f"<@&{self.id}>"

    def payload(self) -> JSON:
        """Return the role object."""
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(self.permissions),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(eq=False)
class Channel:
    """A place for messages: a guild's text channel, or (without a guild) a direct message.

    `app_permissions` is what the bot itself may do here, as Discord's bit field.
    """

    id: int
    name: str
    guild: "Guild | None" = None
    type: int = 0
    recipient: User | None = None
    app_permissions: int = ORDINARY_PERMISSIONS
    position: int = 0

    @property
    def mention(self) -> str:
        """The text that links to this channel."""
        return f"<#{self.id}>"

    def payload(self) -> JSON:
        """Return the channel object (Discord API docs, Channels Resource)."""
        payload: JSON = {"id": str(self.id), "type": self.type, "last_message_id": None, "flags": 0}
        if self.recipient is not None:
            return payload | {"recipients": [self.recipient.payload()]}
        return payload | {
            "name": self.name,
            "guild_id": str(self.guild.id) if self.guild else None,
            "position": self.position,
            "permission_overwrites": [],
            "nsfw": False,
            "topic": None,
            "rate_limit_per_user": 0,
            "parent_id": None,
        }


@dataclass(eq=False)
class Member:
    """A person in a guild. `permissions` is the resolved bit field for every channel."""

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


class Guild:
    """A Discord server with its roles, channels and members; made by `DiscordServer.add_guild`.

    Whatever is added while clients are connected is announced to them as Discord does.
    """

    def __init__(
        self,
        name: str,
        owner: User,
        application: User,
        snowflakes: Snowflakes,
        announce: Announce,
        users: dict[int, User],
    ) -> None:
        self.id = snowflakes.next()
        self.name = name
        self.locale = "en-US"
        self.members: dict[int, Member] = {}
        self.channels: dict[int, Channel] = {}
        # Discord API docs, Permissions: the @everyone role has the guild's own id.
        self.everyone = Role(self.id, "@everyone", ORDINARY_PERMISSIONS, 0)
        self.roles: dict[int, Role] = {self.id: self.everyone}
        self._snowflakes = snowflakes
        self._announce: Announce = lambda event, data: None
        self._users = users
        self.me = self.add_member(application)
        self.owner = self.add_member(owner)
        self._announce = announce

    def add_role(self, name: str, permissions: int = 0) -> Role:
        """Add a role and return it."""
        role = Role(self._snowflakes.next(), name, permissions, len(self.roles))
        self.roles[role.id] = role
        self._announce("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.payload()})
        return role

    def add_channel(self, name: str, app_permissions: int = ORDINARY_PERMISSIONS) -> Channel:
        """Add a text channel in which the bot has `app_permissions`, and return it."""
        channel = Channel(
            self._snowflakes.next(),
            name,
            self,
            app_permissions=app_permissions,
            position=len(self.channels),
        )
        self.channels[channel.id] = channel
        self._announce("CHANNEL_CREATE", channel.payload())
        return channel

    def add_member(
        self,
        user: str | User,
        *,
        nick: str | None = None,
        global_name: str | None = None,
        roles: Iterable[Role] = (),
        permissions: int = ORDINARY_PERMISSIONS,
    ) -> Member:
        """Add a person, known by a new user name or as an existing user, and return the member.

        `permissions` is the resolved bit field that the person's interactions carry.
        """
        if isinstance(user, str):
            user = User(self._snowflakes.next(), user, global_name)
        self._users[user.id] = user
        member = Member(user, self, nick, list(roles), permissions)
        self.members[user.id] = member
        self._announce("GUILD_MEMBER_ADD", member.payload() | {"guild_id": str(self.id)})
        return member

    def payload(self) -> JSON:
        """Return the guild object (Discord API docs, Guild Resource, "Guild Object")."""
        return CONSTANT_GUILD_FIELDS | {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "roles": [role.payload() for role in self.roles.values()],
            "preferred_locale": self.locale,
        }

    def create_payload(self) -> JSON:
        """Return the GUILD_CREATE event (Discord API docs, Gateway Events, "Guild Create").

        Without the privileged GUILD_MEMBERS intent `members` holds only the bot itself.
        """
        return self.payload() | {
            "joined_at": self.me.joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [self.me.payload()],
            "channels": [channel.payload() for channel in self.channels.values()],
            "threads": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
