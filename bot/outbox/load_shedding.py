"""How many notes are taken at once, so that each is acknowledged in time or refused in words."""

from __future__ import annotations

import asyncio
import contextlib

from bot.outbox.errors import TooBusyError
from bot.timing import loop_time

FEW = 10
"""With more notes than that being taken, others are not sent yet: they are acknowledged already and
have time."""

FIRST_ESTIMATE = 0.002
"""Seconds that a note is assumed to take before any has been timed."""

LULL = 1.0
"""Seconds without a command after which the next one counts as on time, whatever the clocks say."""

DRIFT = 0.01
"""How fast the quickest command is forgotten, in seconds a second. Otherwise one from a clock ahead
of Discord's others would make all others seem late; yet it is slow enough that a rush of two
minutes is noticed to its end."""

_SMOOTHING = 0.02


class LoadShedder:
    """Counts the notes between their command and its acknowledgement.

    A note is refused if the others would delay its acknowledgement by more than `seconds`: by the
    time that its command has waited already, and by what the notes ahead of it will take according
    to a moving average.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._count = 0
        self._average = FIRST_ESTIMATE
        self._last: float | None = None
        self._least_way = 0.0
        self._looked_at = -LULL
        self.calm = asyncio.Event()
        """Set while few notes are being taken."""
        self.calm.set()

    def admit(self, made_at: float) -> contextlib.ExitStack:
        """Take a note; raises `TooBusyError`.

        `made_at` is when its command was used, in seconds by Discord's clock. What is returned is
        to be closed as soon as the note is acknowledged, and at the end in any case.
        """
        if self._late(made_at) + self._count * self._average >= self._seconds:
            raise TooBusyError
        self._count += 1
        if self._count <= FEW + 1:
            self._last = None  # how long the first of many takes tells nothing of the others' pace
        self._set_calm()
        admitted = contextlib.ExitStack()
        admitted.callback(self._leave)
        return admitted

    def _leave(self) -> None:
        self._count -= 1
        self._set_calm()
        self._update_average()

    def _late(self, made_at: float) -> float:
        """Return how much longer a command was on its way than the quickest of those around it.

        Discord's clock and the event loop's differ by something unknown, which this leaves out.
        """
        now = loop_time()
        way, pause = now - made_at, now - self._looked_at
        self._looked_at = now
        least = self._least_way + pause * DRIFT
        self._least_way = way if pause >= LULL else min(way, least)
        return way - self._least_way

    def _set_calm(self) -> None:
        if self._count > FEW:
            self.calm.clear()
        else:
            self.calm.set()

    def _update_average(self) -> None:
        """Average in the time since the note before, if there was no lull in between."""
        now = loop_time()
        if not self._count:
            self._average = FIRST_ESTIMATE  # else a slow time could keep refusing, timing no note
        elif self._count > FEW and self._last is not None:
            self._average += (now - self._last - self._average) * _SMOOTHING
        self._last = now
