"""REST routes about the bot itself, users, guilds and application commands."""

from collections.abc import Callable

from bot.sandbox.discord.errors import (
    JSON,
    ApiError,
    missing_access,
    unknown_guild,
    unknown_member,
    unknown_user,
)
from bot.sandbox.discord.guild import Guild
from bot.sandbox.discord.guild_payload import guild_object, own_guild
from bot.sandbox.discord.registrations import Registrations
from bot.sandbox.discord.rest import Answer, Call, Route
from bot.sandbox.discord.world import World

SESSION_STARTS_PER_DAY = 1000
"""Discord API docs, Gateway, "Identifying": more in 24 hours reset the bot's token."""

MOST_OWN_GUILDS = 200
"""Discord API docs, User Resource, "Get Current User Guilds": the most in one answer."""


class ApplicationRoutes:
    """Serves the resources named above; `starts` tells how often the bot has identified."""

    def __init__(
        self, world: World, gateway_url: Callable[[], str], starts: Callable[[], int]
    ) -> None:
        self._world = world
        self._gateway_url = gateway_url
        self._starts = starts

    def routes(self) -> list[Route]:
        """Return the routes."""
        commands = "/applications/{application_id}/commands"
        return [
            Route("login", "GET", "/users/@me", self._own_user),
            Route("own_guilds", "GET", "/users/@me/guilds", self._own_guilds),
            Route("application", "GET", "/oauth2/applications/@me", self._application),
            Route("application_self", "GET", "/applications/@me", self._application),
            Route("gateway", "GET", "/gateway", self._gateway, open=True),
            Route("gateway_bot", "GET", "/gateway/bot", self._gateway_bot),
            Route("get_guild", "GET", "/guilds/{guild_id}", self._guild),
            Route("get_member", "GET", "/guilds/{guild_id}/members/{user_id}", self._member),
            Route("get_channel", "GET", "/channels/{channel_id}", self._channel),
            Route("commands_get", "GET", commands, self._commands),
            Route("commands_put", "PUT", commands, self._replace_commands),
        ]

    def _own_user(self, call: Call) -> Answer:
        extra = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}
        return Answer(200, self._world.application.payload() | extra)

    def _own_guilds(self, call: Call) -> Answer:
        """Discord API docs, User Resource, "Get Current User Guilds"."""
        after = int(call.query.get("after", "0"))
        limit = int(call.query.get("limit", MOST_OWN_GUILDS))
        if not 1 <= limit <= MOST_OWN_GUILDS:
            raise ApiError(400, 50035, "Invalid Form Body")
        guilds = sorted(self._world.guilds.values(), key=lambda guild: guild.id)
        shown = [own_guild(guild) for guild in guilds if guild.id > after]
        return Answer(200, shown[:limit])

    def _application(self, call: Call) -> Answer:
        return Answer(200, self._world.application_payload())

    def _gateway(self, call: Call) -> Answer:
        return Answer(200, {"url": self._gateway_url()})

    def _gateway_bot(self, call: Call) -> Answer:
        """Discord API docs, Gateway, "Get Gateway Bot"."""
        limit: JSON = {
            "total": SESSION_STARTS_PER_DAY,
            "remaining": max(0, SESSION_STARTS_PER_DAY - self._starts()),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return Answer(200, {"url": self._gateway_url(), "shards": 1, "session_start_limit": limit})

    def _find_guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise unknown_guild()
        return guild

    def _guild(self, call: Call) -> Answer:
        return Answer(200, guild_object(self._find_guild(call)))

    def _member(self, call: Call) -> Answer:
        member = self._find_guild(call).members.get(call.id("user_id"))
        if member is None:
            known = call.id("user_id") in self._world.users
            raise unknown_member() if known else unknown_user()
        return Answer(200, member.payload())

    def _channel(self, call: Call) -> Answer:
        return Answer(200, self._world.channel(call.id("channel_id")).payload())

    def _registrations(self, call: Call) -> Registrations:
        if call.id("application_id") != self._world.application.id:
            raise missing_access()
        return self._world.registrations

    def _commands(self, call: Call) -> Answer:
        shown = self._registrations(call).shown(with_localizations=call.flag("with_localizations"))
        return Answer(200, shown)

    def _replace_commands(self, call: Call) -> Answer:
        return Answer(200, self._registrations(call).replace(call.body or []))
