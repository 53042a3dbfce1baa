"""The simulator of Discord: a REST interface and a gateway on a loopback port."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.discord.application_routes import ApplicationRoutes
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.faults import Faults
from bot.sandbox.discord.gateway import INVALID_SESSION, RECONNECT, Gateway
from bot.sandbox.discord.gateway_connection import Connection
from bot.sandbox.discord.guild_membership import GuildMembership
from bot.sandbox.discord.interaction import Interaction
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.message_routes import ChannelMessageRoutes, InteractionRoutes
from bot.sandbox.discord.model import User
from bot.sandbox.discord.rest import BASE_PATH, RecordedRequest, RestInterface
from bot.sandbox.discord.world import World

_HOST = "127.0.0.1"
_GATEWAY_PATH = "/gateway"

GATEWAY_ROUTE = "gateway_connection"
"""The name of the gateway among the routes for faults."""


class DiscordServer(GuildMembership):
    """A simulated Discord, for `async with`; the package says which rules it keeps.

    `token` is the only bot token it knows. `clock` gives seconds and decides about the 3 seconds
    and the 15 minutes of interactions.
    """

    def __init__(
        self,
        *,
        token: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(World(token, clock))
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._gateway = Gateway(
            token,
            self.world.application,
            self.world.guilds,
            self.world.changes,
            lambda: self.gateway_url,
            lambda: self.faults.take(GATEWAY_ROUTE),
        )
        application_routes = ApplicationRoutes(
            self.world, lambda: self.gateway_url, lambda: len(self._gateway.identifies)
        )
        routes = [
            *application_routes.routes(),
            *ChannelMessageRoutes(self.world).routes(),
            *InteractionRoutes(self.world).routes(),
        ]
        self._rest = RestInterface(
            token, routes, [GATEWAY_ROUTE], self.world.snowflakes, self.world.changes.announce
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the loopback address; raises OSError if the port is taken."""
        application = web.Application(client_max_size=32 * 1024**2)
        application.router.add_get(_GATEWAY_PATH, self._gateway.handle)
        application.router.add_get(_GATEWAY_PATH + "/", self._gateway.handle)
        application.router.add_get("/attachments/{path:.*}", self._file)
        self._rest.add_to(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file that stands below a message, as Discord's content network does."""
        for message in self.messages:
            for file in message.attachments:
                if file.path == request.path and not message.deleted:
                    return web.Response(body=file.content, content_type="text/plain")
        return web.Response(status=404)

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        self._stop_timers()
        await self._gateway.drop(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_url(self) -> str:
        """The base of the REST interface."""
        return f"http://{_HOST}:{self._port}{BASE_PATH}"

    @property
    def gateway_url(self) -> str:
        """The address of the gateway."""
        return f"ws://{_HOST}:{self._port}{_GATEWAY_PATH}"

    @property
    def application_id(self) -> int:
        """The id of the application, which is also the bot's user id."""
        return self.world.application.id

    @property
    def owner(self) -> User:
        """The account that made the application, and owns it or heads the team that does."""
        return self.world.creator

    def form_team(self, accepted: Iterable[User], invited: Iterable[User] = ()) -> None:
        """Let a team own the application: its present owner, and these members."""
        self.world.form_team(accepted, invited)

    @property
    def bot_public(self) -> bool:
        """Whether anyone can invite the bot; settable."""
        return self.world.bot_public

    @bot_public.setter
    def bot_public(self, public: bool) -> None:
        self.world.bot_public = public

    @property
    def messages(self) -> list[Message]:
        """Every message in every channel in the order of creation."""
        return self.world.messages.all

    @property
    def interactions(self) -> list[Interaction]:
        """Every interaction in the order of creation."""
        return list(self.world.interactions.values())

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every REST request in the order of arrival."""
        return self._rest.requests

    @property
    def faults(self) -> Faults:
        """The faults that are switched on."""
        return self._rest.faults

    @property
    def registered_commands(self) -> list[JSON]:
        """The global commands as Discord gives them back.

        Setting them simulates an earlier registration; raises `ApiError` for invalid ones.
        """
        return self.world.registrations.all

    @registered_commands.setter
    def registered_commands(self, commands: list[JSON]) -> None:
        self.world.registrations.replace(commands)

    @property
    def connections(self) -> list[Connection]:
        """The gateway connections that exist now."""
        return self._gateway.connections

    @property
    def identifies(self) -> list[JSON]:
        """The data of every IDENTIFY."""
        return self._gateway.identifies

    @property
    def resumes(self) -> list[JSON]:
        """The data of every RESUME."""
        return self._gateway.resumes

    @property
    def close_codes(self) -> list[int | None]:
        """The codes with which clients closed, in order; 1006 or None for a connection just cut.

        Connections that the server ended are not among them.
        """
        return self._gateway.close_codes

    def end_sessions_at_once(self, how: int | None) -> None:
        """End each session that is started from now on: with a close code, or opcode 9; None: not.

        A session that has ended so cannot be resumed.
        """
        self._gateway.session_end = how

    def lack_in_ready(self, *keys: str) -> None:
        """Let the READY of each of the next sessions lack one of these keys."""
        self._gateway.ready_without.extend(keys)

    def send_event(self, event: str, data: JSON) -> None:
        """Send any event, also one that Discord would not send, to every session."""
        self._gateway.dispatch(event, data, None)

    async def connected(self, count: int = 1) -> None:
        """Wait until `count` connections have identified (or resumed) and got their guilds."""
        await self.world.changes.until(
            lambda: sum(connection.ready for connection in self.connections) >= count
        )

    async def disconnected(self) -> None:
        """Wait until no gateway connection is left."""
        await self.world.changes.until(lambda: not self.connections)

    async def arrived(self, route: str, count: int = 1) -> RecordedRequest:
        """Wait until the route got `count` requests, answered or not, and return the last.

        They are counted from the simulator's start.
        """
        return await self._nth(count, lambda request: request.route == route)

    async def requested(self, route: str, count: int = 1) -> RecordedRequest:
        """Wait until the route was answered `count` times and return the last of those requests."""
        return await self._nth(
            count, lambda request: request.route == route and request.status is not None
        )

    async def _nth(self, count: int, meant: Callable[[RecordedRequest], bool]) -> RecordedRequest:
        """Wait for this many requests that are meant, and return the last."""
        await self.world.changes.until(lambda: sum(map(meant, self.requests)) >= count)
        return list(filter(meant, self.requests))[count - 1]

    async def drop(self, code: int | None = None) -> None:
        """End every gateway connection with a close code, None cutting the TCP connection."""
        await self._gateway.drop(code)

    async def ask_to_reconnect(self) -> None:
        """Send opcode 7, Reconnect, to every connection."""
        self._gateway.send_to_all(RECONNECT, None)

    async def invalidate_sessions(self) -> None:
        """Send opcode 9, Invalid Session, to every connection; none can be resumed."""
        self._gateway.sessions.clear()
        self._gateway.send_to_all(INVALID_SESSION, False)

    def _dispatch(self, event: str, data: JSON, guild_id: int | None) -> None:
        self._gateway.dispatch(event, data, guild_id)
