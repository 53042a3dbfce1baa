"""Lines of standard input, for an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading


class StandardInput:
    """Lines of standard input, read in a thread as asyncio cannot read a terminal everywhere."""

    def __init__(self, interactive: bool) -> None:
        self._interactive = interactive
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._wanted = threading.Semaphore(0)
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> str | None:
        """Return the next line, None at the end of input."""
        self._wanted.release()
        return await self._lines.get()

    def end(self) -> None:
        """Make `next` return None."""
        self._lines.put_nowait(None)

    def _read(self) -> None:
        while True:
            self._wanted.acquire()
            try:
                line = input("> ") if self._interactive else sys.stdin.readline()
            except (EOFError, OSError, ValueError):
                line = ""
                self._interactive = False
            else:
                line = f"{line}\n" if self._interactive else line
            with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line or None)
            if not line:
                return
