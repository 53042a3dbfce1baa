"""Remembers that the CAD turned the credentials down, so that it is not asked again at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from bot.sonoran.errors import CredentialsError

FIRST_SECONDS = 60.0
LONGEST_SECONDS = 900.0
GO_AHEAD_SECONDS = 2.0


class CredentialsMemory:
    """Holds the last credentials error for a minute, doubling to fifteen while it repeats.

    Failed requests count towards a blacklist of the community's API access (changelog of CAD
    3.13.0), so a wrong key must not be tried with every note. `clock` gives seconds that only
    ever grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._error: CredentialsError | None = None
        self._until = 0.0
        self._span = 0.0
        self._in_doubt = True
        self._ahead: asyncio.Event | None = None

    def check(self) -> None:
        """Raise the remembered `CredentialsError` while its time has not run out."""
        remaining = self._until - self._clock()
        if self._error is not None and remaining > 0:
            raise CredentialsError(
                self._error.text,
                status=self._error.status,
                trace_id=self._error.trace_id,
                retry_in=remaining,
                remembered=True,
            )

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Let a request go, in which its verdict is to be told to this object.

        While the CAD has not accepted these credentials yet, or has refused them since, one
        request goes ahead and the others wait up to `GO_AHEAD_SECONDS` for its verdict, so that
        many at once do not fail together. Raises like `check` when it is a refusal.
        """
        ahead = self._ahead
        if self._in_doubt and ahead is None:
            self._ahead = ahead = asyncio.Event()
            try:
                self.check()
                yield
            finally:
                self._ahead = None
                ahead.set()
            return
        if self._in_doubt and ahead is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GO_AHEAD_SECONDS):
                    await ahead.wait()
        self.check()
        yield

    def refused(self, error: CredentialsError) -> None:
        """Remember a refusal that just came in, and note on it how long it will be remembered."""
        if self._until <= self._clock():
            self._span = min(self._span * 2 or FIRST_SECONDS, LONGEST_SECONDS)
            self._until = self._clock() + self._span
        self._error = error
        self._in_doubt = True
        error.retry_in = self._until - self._clock()

    def undecided(self) -> None:
        """Forget a refusal whose time is over, but not its span: the CAD gave no verdict."""
        if self._until <= self._clock():
            self._error = None
            self._in_doubt = False

    def accepted(self) -> None:
        """Forget: the CAD has taken these credentials."""
        self._error = None
        self._in_doubt = False
        self._until = self._span = 0.0
