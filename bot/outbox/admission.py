"""How many notes are taken at once, so that each is acknowledged in time or refused in words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from bot.outbox.errors import TooBusyError

FEW = 10
"""With more notes than that being taken, others are not sent yet: they are acknowledged already and
have time."""


class Admission:
    """Counts the notes between their command and its acknowledgement, at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self.calm = asyncio.Event()
        """Set while few notes are being taken."""
        self.calm.set()

    @contextlib.contextmanager
    def admit(self) -> Iterator[None]:
        """Take a note in the block, until it is acknowledged; raises `TooBusyError`."""
        if self._count >= self._limit:
            raise TooBusyError
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        self._count += by
        if self._count > FEW:
            self.calm.clear()
        else:
            self.calm.set()
