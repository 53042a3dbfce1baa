"""One shard's connection to the gateway, kept up for as long as the client lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.app.session_starts import SessionStarts
from bot.app.texts import connection_failed
from bot.interactions.errors import DISCORD_FAILURES
from bot.observer import Observer
from bot.timing import Timing, back_off, loop_time

RESUME_URL_TRIES = 3  # failed tries at a session's own address before the usual one is tried

UNREADABLE = "Discord sent what cannot be read"

_log = logging.getLogger(__name__)


async def bot_gateway(client: discord.Client) -> tuple[int, str, Mapping[str, Any]]:
    """Return what Discord tells of its gateway: how many shards, an address, the limit of starts.

    Raises as other requests do, where discord.py 2.7.1 raises `GatewayNotFound`, without a status.
    """
    try:
        return await client.http.get_bot_gateway()
    except discord.GatewayNotFound as error:
        raise (error.__cause__ or error) from None


class UnreadableError(Exception):
    """Discord sent what discord.py cannot read, and the connection cannot be used further."""


@dataclass(frozen=True, slots=True)
class _Session:
    """What a RESUME needs; `gateway` is the address that Discord named for it."""

    id: str
    sequence: int | None
    gateway: yarl.URL


@dataclass(eq=False, repr=False, slots=True)
class ShardConnection:
    """Keeps a shard connected: resumes its session while Discord has it, else starts another.

    In the place of discord.py 2.7.1's own loops. That of its sharded client starts a new session
    when the first attempt to resume fails (`discord/shard.py`, `Shard.reconnect`), that of its
    plain client resumes without a pause, and both end with an event that they cannot read.
    """

    client: discord.Client
    shard_id: int
    starts: SessionStarts
    timing: Timing
    observer: Observer
    _socket: DiscordWebSocket | None = field(default=None, init=False)
    _session: _Session | None = field(default=None, init=False)
    _failed: int = field(default=0, init=False)

    async def run(self) -> None:
        """Keep the shard connected until this is cancelled.

        Raises `discord.ConnectionClosed` for a close code that forbids to reconnect. A session is
        first resumed at once, and then after pauses that grow until a connection lasts.
        """
        pauses = self._pauses()
        lasting = True
        while True:
            opened = loop_time()
            try:
                await self._serve()
            except ReconnectWebSocket as signal:
                if not signal.resume:
                    self._session = None
            except discord.ConnectionClosed:
                raise
            except Exception as error:
                self._log_failure(error)
            if loop_time() - opened >= self.timing.steady_connection:
                pauses = self._pauses()
                lasting = True
            if self._failed if self._session is None else not lasting:
                await asyncio.sleep(next(pauses))
            lasting = False

    @property
    def latency(self) -> float | None:
        """Seconds between a heartbeat and Discord's answer to it, infinite before the first.

        None without a session.
        """
        socket = self._socket
        if socket is None or not socket.open or socket.session_id is None:
            return None
        return socket.latency

    async def close(self) -> None:
        """Leave the gateway for good: only with this code does Discord end the session."""
        if self._socket is not None:
            await self._socket.close(code=1000)

    def _pauses(self) -> Iterator[float]:
        return back_off(self.timing.first_reconnect, self.timing.longest_reconnect)

    def _log_failure(self, error: Exception) -> None:
        expected = isinstance(error, DISCORD_FAILURES)
        _log.warning(
            "shard %d: Discord cannot be reached: %s",
            self.shard_id,
            connection_failed(error),
            exc_info=None if expected else error,
        )

    async def _serve(self) -> None:
        """Connect, and handle events until the connection ends, which is raised."""
        self._failed += 1
        resumed = self._session is not None
        socket = self._socket = await self._open()
        self.observer.gateway_connected(resumed=resumed)
        self._failed = 0
        try:
            while True:
                await self._read(socket)
                # Of many that came together, each would else wait until all have been read.
                await asyncio.sleep(0)
        except Exception:
            await self._close(socket)
            raise
        finally:
            self._session = None
            if socket.session_id is not None:
                self._session = _Session(socket.session_id, socket.sequence, socket.gateway)

    async def _read(self, socket: DiscordWebSocket) -> None:
        """Handle the next event; one that discord.py cannot read is dropped."""
        before = socket.sequence
        try:
            await socket.poll_event()
        except (ReconnectWebSocket, *DISCORD_FAILURES):
            raise
        except Exception as error:
            if before is None:
                socket.session_id = None  # without its READY a session is of no use
            if before is None or socket.sequence == before:
                raise UnreadableError(UNREADABLE) from error
            _log.exception("shard %d: %s, an event is dropped", self.shard_id, UNREADABLE)

    async def _open(self) -> DiscordWebSocket:
        """Resume the session or, when it is this shard's turn, start one."""
        if self._session is not None:
            return await self._connect(
                gateway=self._session.gateway if self._failed <= RESUME_URL_TRIES else None,
                resume=True,
                session=self._session.id,
                sequence=self._session.sequence,
            )
        async with self.starts.turn(self.shard_id, self._limits):
            return await self._connect()

    async def _limits(self) -> Mapping[str, Any]:
        _, _, limit = await bot_gateway(self.client)
        return limit

    async def _connect(self, **options: Any) -> DiscordWebSocket:
        opened: list[DiscordWebSocket] = []

        class Noted(DiscordWebSocket):
            """Known also while `from_client`, which ends in an identified one, is under way.

            One that fails before would stay open and keep its heartbeat's thread.
            """

            def __init__(
                self,
                socket: aiohttp.ClientWebSocketResponse,
                *,
                loop: asyncio.AbstractEventLoop,
            ) -> None:
                super().__init__(socket, loop=loop)
                opened.append(self)

        try:
            async with asyncio.timeout(self.timing.open_gateway):
                return await Noted.from_client(self.client, shard_id=self.shard_id, **options)
        except BaseException:
            for socket in opened:
                await self._close(socket)
            raise

    async def _close(self, socket: DiscordWebSocket) -> None:
        """Close a connection so that its session can be resumed."""
        with contextlib.suppress(*DISCORD_FAILURES):
            async with asyncio.timeout(self.timing.leave_gateway):
                await socket.close()
