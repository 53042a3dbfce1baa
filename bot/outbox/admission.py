"""How many notes are taken at once, so that each is acknowledged in time or refused in words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from bot.outbox.errors import TooBusyError
from bot.timing import loop_time

FEW = 10
"""With more notes than that being taken, others are not sent yet: they are acknowledged already and
have time."""

FIRST_PACE = 0.004
"""Seconds that a note is supposed to take before any has been timed."""

_SMOOTHING = 0.05


class Admission:
    """Counts the notes between their command and its acknowledgement.

    One is refused while those before it would take longer than `seconds`, at the pace of late.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._count = 0
        self._pace = FIRST_PACE
        self._last = 0.0
        self.calm = asyncio.Event()
        """Set while few notes are being taken."""
        self.calm.set()

    @contextlib.contextmanager
    def admit(self) -> Iterator[None]:
        """Take a note in the block, until it is acknowledged; raises `TooBusyError`."""
        if self._count * self._pace >= self._seconds:
            raise TooBusyError
        self._count += 1
        if self._count <= FEW + 1:
            self._last = loop_time()
        self._judge()
        try:
            yield
        finally:
            self._count -= 1
            self._judge()
            self._time()

    def _judge(self) -> None:
        if self._count > FEW:
            self.calm.clear()
        else:
            self.calm.set()

    def _time(self) -> None:
        """Learn from the time since the note before, if there was no lull in between."""
        now = loop_time()
        if not self._count:
            self._pace = FIRST_PACE  # a slow moment is not the truth for ever
        elif self._count > FEW:
            self._pace += (now - self._last - self._pace) * _SMOOTHING
        self._last = now
