"""Everything that exists in the simulator, shared by its REST interface and its gateway."""

from collections.abc import Callable, Iterable

from bot.sandbox.changes import Changes
from bot.sandbox.discord.errors import JSON, missing_access, unknown_channel
from bot.sandbox.discord.guild import Channel, Guild
from bot.sandbox.discord.interaction import Interaction
from bot.sandbox.discord.messages import Messages
from bot.sandbox.discord.model import User
from bot.sandbox.discord.registrations import Registrations
from bot.sandbox.discord.snowflakes import Snowflakes


class World:
    """The accounts, guilds, messages, commands and interactions of one Discord.

    `application` is the bot's own account, whose id is also the application's.
    """

    def __init__(self, token: str, clock: Callable[[], float]) -> None:
        self.token = token
        self.clock = clock
        self.changes = Changes()
        self.snowflakes = Snowflakes()
        self.application = User(self.snowflakes.next(), "callbot", bot=True)
        self.creator = User(self.snowflakes.next(), "developer")
        self.team: JSON | None = None
        self.bot_public = True
        self.users: dict[int, User] = {u.id: u for u in (self.application, self.creator)}
        self.guilds: dict[int, Guild] = {}
        self.left_guilds: dict[int, Guild] = {}
        self.direct_channels: dict[int, Channel] = {}
        self.messages = Messages(self.snowflakes, self.users, self.changes.announce)
        self.interactions: dict[int, Interaction] = {}
        self.registrations = Registrations(self.application.id, self.snowflakes)

    def channel(self, channel_id: int) -> Channel:
        """Return a guild's channel or a direct channel by its id.

        Raises `ApiError` 50001 for one of a guild that the bot was removed from, and 10003 for one
        that does not exist.
        """
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        for direct in self.direct_channels.values():
            if direct.id == channel_id:
                return direct
        hidden = any(channel_id in guild.channels for guild in self.left_guilds.values())
        raise missing_access() if hidden else unknown_channel()

    def direct_channel(self, user: User) -> Channel:
        """Return the direct message channel between the bot and a person."""
        if user.id not in self.direct_channels:
            channel = Channel(self.snowflakes.next(), "", type=1, recipient=user)
            self.direct_channels[user.id] = channel
        return self.direct_channels[user.id]

    def form_team(self, accepted: Iterable[User], invited: Iterable[User] = ()) -> None:
        """Let a team own the application: its creator, and these members.

        Discord API docs, Teams, "Data Models".
        """
        team_id = str(self.snowflakes.next())
        states = [(user, 2) for user in (self.creator, *accepted)]
        states += [(user, 1) for user in invited]
        self.team = {
            "id": team_id,
            "icon": None,
            "name": "Developers",
            "owner_user_id": str(self.creator.id),
            "members": [
                {
                    "user": user.payload(),
                    "team_id": team_id,
                    "membership_state": state,
                    "role": "developer",
                    "permissions": ["*"],
                }
                for user, state in states
            ],
        }

    def _team_account(self) -> User:
        """Return the account that Discord shows as the owner of a team's application."""
        team_id = int((self.team or {})["id"])
        return User(team_id, f"team{team_id}")

    def application_payload(self) -> JSON:
        """Return the bot's own application (Discord API docs, Application Resource)."""
        return {
            "id": str(self.application.id),
            "name": self.application.username,
            "icon": None,
            "description": "",
            "type": None,
            "bot": self.application.payload(),
            "bot_public": self.bot_public,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": (self.creator if self.team is None else self._team_account()).payload(),
            "approximate_guild_count": len(self.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": self.team,
            "eligible_oauth2_scopes": [],
            "integration_types_config": {"0": {}},
        }
