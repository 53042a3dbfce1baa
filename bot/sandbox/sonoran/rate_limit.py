"""The request limits that the gateway in front of v2 enforces per API key."""

import math
from collections import deque
from collections.abc import Callable

WINDOW = 60.0
"""Seconds that a limit speaks about: all limits are per minute (v2 pages)."""


class RateLimits:
    """Counts requests per API key and endpoint within the last minute.

    `limits` gives the requests per minute of each kind and may be changed: notes 60, calls 5,
    servers, version, info, account and identifiers 10 each (v2 pages add-call-note, get-calls,
    get-servers, get-version, get-info, get-account, get-identifiers). Choices: the window slides, a
    refused request does not count, and all servers and calls of a key count together. `clock`
    gives seconds from any origin.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.limits: dict[str, int] = {
            "note": 60,
            "calls": 5,
            "servers": 10,
            "version": 10,
            "info": 10,
            "account": 10,
            "identifiers": 10,
        }
        self._clock = clock
        self._times: dict[tuple[str, str], deque[float]] = {}

    def take(self, api_key: str, kind: str) -> int | None:
        """Count one request; where the limit is used up, return the whole seconds to wait."""
        limit = self.limits.get(kind)
        if limit is None:
            return None
        now = self._clock()
        times = self._times.setdefault((api_key, kind), deque())
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) < limit:
            times.append(now)
            return None
        # The count falls below the limit when this one of the requests leaves the window.
        freeing = times[len(times) - limit] if limit else now
        return max(1, math.ceil(freeing + WINDOW - now))
