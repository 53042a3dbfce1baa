"""The gateway: every websocket connection and every session of the bot.

Source: Discord API docs, Gateway, and Opcodes and Status Codes ("Gateway Opcodes",
"Gateway Close Event Codes").
"""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.changes import Changes
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.faults import Fault
from bot.sandbox.discord.gateway_connection import Connection, Session
from bot.sandbox.discord.guild import Guild
from bot.sandbox.discord.guild_payload import guild_created
from bot.sandbox.discord.model import User

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE_UPDATE, VOICE_STATE_UPDATE = 0, 1, 2, 3, 4
RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 6, 7, 9, 10, 11

GUILDS_INTENT = 1 << 0
GUILD_MEMBERS_INTENT = 1 << 1
PRESENCES_INTENT = 1 << 8
GUILD_MESSAGES_INTENT = 1 << 9
MESSAGE_CONTENT_INTENT = 1 << 15
PRIVILEGED_INTENTS = GUILD_MEMBERS_INTENT | PRESENCES_INTENT | MESSAGE_CONTENT_INTENT
# Gateway, "List of Intents": bits 0 to 16, 20, 21, 24 and 25.
_KNOWN_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25

LARGEST_PAYLOAD = 4096
HEARTBEAT_INTERVAL = 41_250
"""In milliseconds, about Discord's own."""
_UNKNOWN_OPCODE, _DECODE_ERROR, _NOT_AUTHENTICATED, _WRONG_TOKEN = 4001, 4002, 4003, 4004
_ALREADY_AUTHENTICATED, _INVALID_SEQUENCE, _INVALID_SHARD = 4005, 4007, 4010
_INVALID_INTENTS, _DISALLOWED_INTENTS = 4013, 4014

# A session cannot be resumed after these: the client ended it, or Discord's code says so.
_SESSION_ENDING_CLIENT_CODES = {1000, 1001}
_SESSION_ENDING_SERVER_CODES = {4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014}

_REQUIRED_INTENTS = {
    "GUILD_CREATE": GUILDS_INTENT,
    "GUILD_DELETE": GUILDS_INTENT,
    "GUILD_ROLE_CREATE": GUILDS_INTENT,
    "GUILD_ROLE_UPDATE": GUILDS_INTENT,
    "GUILD_ROLE_DELETE": GUILDS_INTENT,
    "CHANNEL_CREATE": GUILDS_INTENT,
    "CHANNEL_UPDATE": GUILDS_INTENT,
    "CHANNEL_DELETE": GUILDS_INTENT,
    "GUILD_MEMBER_ADD": GUILD_MEMBERS_INTENT,
    "MESSAGE_CREATE": GUILD_MESSAGES_INTENT,
}
"""Gateway, "List of Intents"; events that are not named here are sent to everybody."""


class Gateway:
    """Takes the bot's connections and sends them events.

    `url` gives the gateway's own address once the server listens, and `take_fault` the fault that
    hits a connection that is being made. `session_end`, if not None, is the close code with which
    each new session ends at once, or INVALID_SESSION for the opcode. Each of the next sessions'
    READY lacks one of the keys in `ready_without`. No privileged intent is switched on in the
    developer portal.
    """

    def __init__(
        self,
        token: str,
        application: User,
        guilds: Mapping[int, Guild],
        changes: Changes,
        url: Callable[[], str],
        take_fault: Callable[[], Fault | None],
    ) -> None:
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}
        self.identifies: list[JSON] = []
        self.resumes: list[JSON] = []
        self.close_codes: list[int | None] = []
        self.session_end: int | None = None
        self.ready_without: list[str] = []
        self._token = token
        self._application = application
        self._guilds = guilds
        self._changes = changes
        self._url = url
        self._take_fault = take_fault

    def dispatch(self, event: str, data: JSON, guild_id: int | None) -> None:
        """Send an event to every session of the guild's shard; None is shard 0 (messages in DM).

        Several connections with the same shard each get every event (Gateway, "Sharding").
        """
        needed = _REQUIRED_INTENTS.get(event, 0)
        for session in self.sessions.values():
            if session.serves(guild_id) and session.intents & needed == needed:
                session.dispatch(event, data)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from HELLO to its end."""
        if (fault := self._take_fault()) is not None:
            await fault.wait()
            return web.Response(status=fault.status or 503)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self.connections.append(connection)
        hello = {"heartbeat_interval": HEARTBEAT_INTERVAL, "_trace": []}
        connection.send({"op": HELLO, "d": hello, "s": None, "t": None})
        try:
            async for frame in socket:
                if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    break
                self._receive(connection, frame.data)
        finally:
            self._ended(connection, socket.close_code)
            await connection.finish()
        return socket

    def _ended(self, connection: Connection, close_code: int | None) -> None:
        self.connections.remove(connection)
        ended_by_client = connection.server_close_code is None and not connection.aborted
        if ended_by_client:
            self.close_codes.append(close_code)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if connection.server_close_code in _SESSION_ENDING_SERVER_CODES or (
                ended_by_client and close_code in _SESSION_ENDING_CLIENT_CODES
            ):
                self.sessions.pop(session.id, None)
        self._changes.announce()

    def _receive(self, connection: Connection, raw: str | bytes) -> None:
        try:
            payload: Any = json.loads(raw)
            operation, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            connection.close(_DECODE_ERROR)
            return
        if len(raw) > LARGEST_PAYLOAD:
            # "Sending Events": larger payloads close the connection with 4002.
            connection.close(_DECODE_ERROR)
        elif operation == HEARTBEAT:
            connection.send({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
        elif operation == IDENTIFY:
            self._identify(connection, data)
        elif operation == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(_NOT_AUTHENTICATED)
        elif operation not in {PRESENCE_UPDATE, VOICE_STATE_UPDATE}:
            connection.close(_UNKNOWN_OPCODE)

    def _identify(self, connection: Connection, data: JSON) -> None:
        self.identifies.append(data)
        shard = data.get("shard")
        intents = data.get("intents")
        shard_id, shard_count = shard or (0, 1)
        if connection.session is not None:
            connection.close(_ALREADY_AUTHENTICATED)
        elif data.get("token") != self._token:
            connection.close(_WRONG_TOKEN)
        elif not 0 <= shard_id < shard_count:
            connection.close(_INVALID_SHARD)
        elif not isinstance(intents, int) or intents & ~_KNOWN_INTENTS:
            connection.close(_INVALID_INTENTS)
        elif intents & PRIVILEGED_INTENTS:
            connection.close(_DISALLOWED_INTENTS)
        else:
            session = Session(secrets.token_hex(16), shard_id, shard_count, intents)
            self.sessions[session.id] = session
            session.attach(connection)
            self._send_ready(session, with_shard=shard is not None)
            connection.then(lambda: self._ready(connection))
            if self.session_end is not None:
                self._end(session, self.session_end)
            self._changes.announce()

    def _end(self, session: Session, how: int) -> None:
        del self.sessions[session.id]
        if session.connection is None:
            return
        if how == INVALID_SESSION:
            session.connection.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
        else:
            session.connection.close(how)

    def _send_ready(self, session: Session, *, with_shard: bool) -> None:
        guilds = [guild for guild in self._guilds.values() if session.serves(guild.id)]
        ready: JSON = {
            "v": 10,
            "user": self._application.payload()
            | {"mfa_enabled": False, "verified": True, "email": None, "locale": "en-US"},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._url(),
            "application": {"id": str(self._application.id), "flags": 0},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "user_settings": {},
            "_trace": [],
        }
        if with_shard:
            ready["shard"] = [session.shard_id, session.shard_count]
        if self.ready_without:
            del ready[self.ready_without.pop(0)]
        session.dispatch("READY", ready)
        if session.intents & GUILDS_INTENT:
            for guild in guilds:
                if guild.available:
                    session.dispatch("GUILD_CREATE", guild_created(guild))

    def _resume(self, connection: Connection, data: JSON) -> None:
        """Replay what was missed ("Resuming"); an unknown session is answered with opcode 9."""
        self.resumes.append(data)
        session = self.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if connection.session is not None:
            connection.close(_ALREADY_AUTHENTICATED)
        elif data.get("token") != self._token:
            connection.close(_WRONG_TOKEN)
        elif session is None or not isinstance(sequence, int):
            connection.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
        elif sequence > session.sequence:
            connection.close(_INVALID_SEQUENCE)
        else:
            if session.connection is not None:
                session.connection.abort()
            session.attach(connection)
            session.replay(sequence)
            session.dispatch("RESUMED", {"_trace": []})
            connection.then(lambda: self._ready(connection))

    def _ready(self, connection: Connection) -> None:
        connection.ready = True
        self._changes.announce()

    async def drop(self, code: int | None) -> None:
        """End every connection, with a close code or by cutting it; return when they are gone."""
        dropped = list(self.connections)
        for connection in dropped:
            if code is None:
                connection.abort()
            else:
                connection.close(code)
        await self._changes.until(lambda: not any(c in self.connections for c in dropped))

    def send_to_all(self, operation: int, data: Any) -> None:
        """Send a payload that is not an event to every connection."""
        for connection in self.connections:
            connection.send({"op": operation, "d": data, "s": None, "t": None})
