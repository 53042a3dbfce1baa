"""How fast notes may follow each other, and which of the waiting ones is next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from pyrate_limiter import (
    GCRA,
    InMemoryBucket,
    Limiter,
    MonotonicClock,
    Rate,
    SingleBucketFactory,
    StateBucket,
)

from bot.journal.record import NoteRecord

_MINUTE = 60_000  # milliseconds, the library's unit
_Key = TypeVar("_Key")
_REMEMBERED = 1000  # guilds and members whose last turn is kept


class Pace:
    """Lets notes go at `per_minute`, up to `burst` of them at once after a quiet time.

    Version 2 allows 60 notes in a minute per key (page add-call-note), version 1 asks for at most
    one request a second over longer periods (page api-integration). Two rules together keep to
    both: a bucket that is refilled evenly, and never more than `per_minute` in any minute. Time
    is the process's monotonic clock.
    """

    def __init__(self, per_minute: int, burst: int) -> None:
        self._clock = MonotonicClock()
        rate = Rate(per_minute, _MINUTE, burst=min(burst, per_minute))
        even = StateBucket([rate], GCRA(), clock=self._clock)
        self._window = InMemoryBucket([Rate(per_minute, _MINUTE)])
        # Without the library's own clean-up, which takes a thread for each bucket.
        self._limiters = [
            Limiter(SingleBucketFactory(bucket, schedule_leak=False))
            for bucket in (even, self._window)
        ]

    async def permit(self) -> None:
        """Wait until one more note may be sent."""
        for limiter in self._limiters:
            await limiter.try_acquire_async("notes")
        self._window.leak(self._clock.now())


class FairOrder:
    """Chooses whose note is next: guilds take turns, within a guild its members do.

    Somebody who sends a hundred notes delays the next one of anybody else by one note at most.
    """

    def __init__(self) -> None:
        self._count = 0
        self._guilds: OrderedDict[int, int] = OrderedDict()
        self._members: OrderedDict[tuple[int, int], int] = OrderedDict()

    def next_of(self, candidates: Iterable[NoteRecord]) -> NoteRecord | None:
        """Return the note whose turn it is, the oldest of its member's; None without any."""
        return min(
            candidates,
            key=lambda record: (
                self._guilds.get(record.guild_id, 0),
                self._members.get((record.guild_id, record.member_id), 0),
                record.position,
            ),
            default=None,
        )

    def took_turn(self, record: NoteRecord) -> None:
        """Put a note's guild and member behind all others."""
        self._count += 1
        _remember(self._guilds, record.guild_id, self._count)
        _remember(self._members, (record.guild_id, record.member_id), self._count)


def _remember(turns: OrderedDict[_Key, int], key: _Key, count: int) -> None:
    turns[key] = count
    turns.move_to_end(key)
    if len(turns) > _REMEMBERED:
        turns.popitem(last=False)
