"""The accounts and roles that exist in the simulator, and the types of its channels."""

from dataclasses import dataclass

from bot.sandbox.discord.errors import JSON

# Discord API docs, Channels Resource, "Channel Types".
TEXT_CHANNEL, DIRECT_CHANNEL, VOICE_CHANNEL, ANNOUNCEMENT_CHANNEL = 0, 1, 2, 5
ANNOUNCEMENT_THREAD, PUBLIC_THREAD = 10, 11
STAGE_CHANNEL, FORUM_CHANNEL = 13, 15


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
    permissions: int
    position: int
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
