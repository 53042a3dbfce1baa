"""How fast notes may follow each other."""

from __future__ import annotations

from pyrate_limiter import (
    GCRA,
    InMemoryBucket,
    Limiter,
    MonotonicClock,
    Rate,
    SingleBucketFactory,
    StateBucket,
)

_MINUTE = 60_000  # milliseconds, the library's unit


class RateLimiter:
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

    @property
    def used(self) -> int:
        """How many notes went in the last minute."""
        self._window.leak(self._clock.now())
        return self._window.count()

    async def acquire(self) -> None:
        """Wait until one more note may be sent."""
        for limiter in self._limiters:
            await limiter.try_acquire_async("notes")
        self._window.leak(self._clock.now())

    def try_acquire(self) -> bool:
        """Return whether one more note may be sent now, which is then counted."""
        free = all(limiter.try_acquire("notes", blocking=False) for limiter in self._limiters)
        self._window.leak(self._clock.now())
        return free
