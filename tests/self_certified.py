"""A server for https whose certificate nobody vouches for."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import trustme


@contextlib.asynccontextmanager
async def self_certified() -> AsyncIterator[str]:
    """Run the server; gives its address. No request ever arrives."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", ssl=context)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"https://{host}:{port}"
