"""A gate that speaks TLS in front of a PostgreSQL server, or says that it does not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

from tests.gate import Gate, Streams


class TlsGate(Gate):
    """Answers PostgreSQL's SSLRequest, then passes on what it decrypts; without `tls` it refuses.

    `break_off` are moments at which the next connections are reset: when they are "asked" for TLS,
    or "encrypted".
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Streams]], tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(connect)
        self._tls = tls
        self.break_off: list[str] = []

    async def greet(self, streams: Streams, there: asyncio.StreamWriter) -> None:
        reader, writer = streams
        # PostgreSQL documentation, Message Formats: SSLRequest, and its answer of one byte.
        assert await reader.readexactly(8) == struct.pack("!ii", 8, 80877103)
        self._reset_if("asked", writer)
        writer.write(b"N" if self._tls is None else b"S")
        if self._tls is not None:
            await writer.start_tls(self._tls)
            self._reset_if("encrypted", writer)

    def _reset_if(self, moment: str, writer: asyncio.StreamWriter) -> None:
        if self.break_off[:1] == [moment]:
            del self.break_off[0]
            # Without lingering, closing resets the connection (socket(7), SO_LINGER).
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionResetError
