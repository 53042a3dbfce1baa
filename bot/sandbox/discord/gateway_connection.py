"""One gateway connection, and the session that can outlive it."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from aiohttp import web

from bot.sandbox.discord.errors import JSON


class Connection:
    """One websocket of the bot; sending never waits, a task of its own writes in order.

    `ready` turns true when READY and the first GUILD_CREATE events, or the replay of a resumed
    session, are written. `server_close_code` is set when this side closes.
    """

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.session: Session | None = None
        self.ready = False
        self.aborted = False
        self.server_close_code: int | None = None
        self._socket = socket
        self._transport = transport
        self._outgoing: asyncio.Queue[str | int | Callable[[], None]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, payload: JSON) -> None:
        """Send one payload after those already under way."""
        self._outgoing.put_nowait(json.dumps(payload))

    def then(self, action: Callable[[], None]) -> None:
        """Call `action` once everything sent so far is written."""
        self._outgoing.put_nowait(action)

    def close(self, code: int) -> None:
        """Close with a code once everything sent so far is written."""
        if self.server_close_code is None:
            self.server_close_code = code
            self._outgoing.put_nowait(code)

    def abort(self) -> None:
        """Cut the connection at once, without a close frame."""
        self.aborted = True
        if self._transport is not None:
            self._transport.abort()

    async def finish(self) -> None:
        """Stop writing; for a connection that has ended."""
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        while True:
            item = await self._outgoing.get()
            if isinstance(item, str):
                try:
                    await self._socket.send_str(item)
                except ConnectionError:
                    return
            elif isinstance(item, int):
                await self._socket.close(code=item)
                return
            else:
                item()


class Session:
    """What Discord remembers of an identified client, connected or not.

    Events are numbered and kept, so that a RESUME can replay those that a client has missed
    (Discord API docs, Gateway, "Resuming").
    """

    def __init__(self, session_id: str, shard_id: int, shard_count: int, intents: int) -> None:
        self.id = session_id
        self.shard_id = shard_id
        self.shard_count = shard_count
        self.intents = intents
        self.sequence = 0
        self.connection: Connection | None = None
        self._events: list[JSON] = []

    def serves(self, guild_id: int | None) -> bool:
        """Return whether events of the guild belong to this shard ("Sharding")."""
        return ((guild_id or 0) >> 22) % self.shard_count == self.shard_id

    def attach(self, connection: Connection) -> None:
        """Send events through `connection` from now on."""
        self.connection = connection
        connection.session = self

    def dispatch(self, event: str, data: JSON) -> None:
        """Send an event, numbered, or keep it for later if no connection is there."""
        self.sequence += 1
        payload: JSON = {"op": 0, "t": event, "s": self.sequence, "d": data}
        self._events.append(payload)
        if self.connection is not None:
            self.connection.send(payload)

    def replay(self, after: int) -> None:
        """Send again every event with a sequence number above `after`."""
        if self.connection is not None:
            for payload in self._events[after:]:
                self.connection.send(payload)
