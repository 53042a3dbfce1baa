"""A TCP proxy in front of a database server that can be made to stall, break and refuse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tests.reserved_port import reserved_port

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def startup_of(streams: Streams) -> bytes:
    """Return what a PostgreSQL client says first: its parameters' names and values, between zeros.

    Before them are 4 bytes of the protocol's version; the length in front is left out.
    """
    length = int.from_bytes(await streams[0].readexactly(4))
    return await streams[0].readexactly(length - 4)


class Gate:
    """Listens on loopback at `port` while entered and leads on to what `connect` connects to."""

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._held = contextlib.ExitStack()
        self.accepted = asyncio.Semaphore(0)
        self.port = 0

    async def __aenter__(self) -> Self:
        # Else another server could get it while this one refuses.
        self.port = self._held.enter_context(reserved_port())
        await self.let_pass()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.refuse()
        self._held.close()

    async def let_pass(self) -> None:
        """Take connections and pass everything on, what was held back included."""
        self._passing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def stall(self) -> None:
        """Take connections and pass nothing on."""
        self._passing.clear()

    async def cut(self) -> None:
        """Abort every connection; new ones are treated as before."""
        for writer in list(self._writers):
            # Of a connection with TLS that was closed twice, asyncio of Python 3.11 has nothing
            # left to abort, and says so in this way.
            with contextlib.suppress(AttributeError):
                writer.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def refuse(self) -> None:
        """Abort every connection and take no new ones."""
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()
            self._server = None

    async def greet(self, streams: Streams, there: asyncio.StreamWriter) -> None:
        """Do what comes before everything is passed on: nothing, unless in a subclass."""

    def passed_on(self, data: bytes) -> bytes:
        """Return what is passed on in place of what came: the same, unless in a subclass."""
        return data

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted.release()
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            there_reader, there_writer = await self._connect()
            self._writers.add(there_writer)
            try:
                await self.greet((reader, writer), there_writer)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(reader, there_writer))
                    group.create_task(self._copy(there_reader, writer))
            finally:
                await self._close(there_writer)
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            await self._close(writer)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            await self._passing.wait()
            writer.write(self.passed_on(data))
            await writer.drain()
        writer.close()

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
