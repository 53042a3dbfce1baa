"""Snowflake ids and timestamps, as Discord makes them."""

import time
from datetime import UTC, datetime

# Discord API docs, API Reference, "Snowflakes": milliseconds since the first second of 2015
# in the bits from 22 up.
DISCORD_EPOCH_MILLISECONDS = 1_420_070_400_000


class Snowflakes:
    """Makes ids that grow, never repeat and carry the real time of their making."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return a new snowflake for the present moment of the host's clock."""
        milliseconds = time.time_ns() // 1_000_000 - DISCORD_EPOCH_MILLISECONDS
        self._last = max(milliseconds << 22, self._last + 1)
        return self._last


def timestamp_now() -> str:
    """Return the present moment as the ISO 8601 text that Discord puts into payloads."""
    return datetime.now(UTC).isoformat()
