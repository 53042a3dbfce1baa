"""Remembers that the CAD refuses the credentials, once that is confirmed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

from bot.sonoran.errors import CredentialsError
from bot.timing import Timing, loop_time, set_within

GO_AHEAD_SECONDS = 2.0


class CredentialsMemory:
    """Holds a confirmed refusal for a minute, doubling to fifteen while it repeats.

    Failed requests count towards a blacklist of the community's API access (changelog of CAD
    3.13.0), so a wrong key must not be tried with every note. Yet a firewall or gateway in front
    answers 401 and 403 of its own, to one request and not to the next: a refusal counts as
    confirmed when a note and then the cheapest read met one, when two reads in a row did, or when
    the plan that is read lacks what a note's refusal asks for. The spans are fields of `timing`.
    """

    def __init__(self, timing: Timing) -> None:
        self._first_span = timing.first_refusal
        self._longest_span = timing.longest_refusal
        self._error: CredentialsError | None = None
        self._until = 0.0
        self.span = 0.0  # for how long a refusal was held last, 0 if the credentials were accepted
        self._by_note: CredentialsError | None = None
        self._by_read: CredentialsError | None = None
        self._in_doubt = True
        self._ahead: asyncio.Event | None = None

    @property
    def refusal(self) -> CredentialsError | None:
        """The confirmed refusal while it is held, as an error with nothing sent; else None."""
        if self._error is None or (remaining := self._until - loop_time()) <= 0:
            return None
        return _again(self._error, remaining)

    @property
    def met_by_note(self) -> CredentialsError | None:
        """What a note or two reads met since the CAD last accepted the credentials, or None."""
        return self._by_note or self._error

    def check(self) -> None:
        """Raise the confirmed `CredentialsError` while its time has not run out."""
        if (error := self.refusal) is not None:
            raise error

    async def turn(
        self, *, about_notes: bool = False, leads: bool = True
    ) -> AbstractContextManager[None]:
        """Let a request go, in a block in which its verdict is to be told to this object.

        While the CAD has not accepted these credentials yet, or has refused them since, one
        request goes ahead and the others wait up to `GO_AHEAD_SECONDS` for its verdict, so that
        many at once do not fail together: notes raise its refusal. One that does not lead is never
        waited for. Raises like `check`, too.
        """
        ahead = self._ahead
        if self._in_doubt and ahead is not None:
            await set_within(ahead, GO_AHEAD_SECONDS)
            self.check()
            if about_notes and ahead.is_set() and self._by_note is not None:
                raise _again(self._by_note, 0.0)
        self.check()
        if self._in_doubt and ahead is None and leads:
            return self._going_ahead()
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def _going_ahead(self) -> Iterator[None]:
        self._ahead = ahead = asyncio.Event()
        try:
            yield
        finally:
            self._ahead = None
            ahead.set()

    def refused_to_note(self, error: CredentialsError) -> None:
        """Take in what a note met, which alone confirms nothing.

        It does after a confirmed refusal whose time is over, if the read met one again since.
        """
        self._by_note = error
        self._in_doubt = True
        if self._by_read is not None and self.span and not error.from_edge:
            self._hold(error)

    def refused_to_read(self, error: CredentialsError) -> None:
        """Take in what the cheapest read met; confirmed if a note met a refusal, or it did before.

        A plan or a key that lacks the right to read may well add notes, so such a refusal counts
        only together with a note's.
        """
        self._in_doubt = True
        if error.from_edge:
            return
        before, self._by_read = self._by_read, error
        if self._by_note is not None or (before is not None and not error.may_be_about_reading):
            self._hold(error)
        elif self.refusal is None:
            self._error = None

    def confirm(self, error: CredentialsError, *, span: float) -> None:
        """Take a note's refusal for confirmed: what was read agrees with it.

        `span` is for how long it was held the last time, 0 if it was not.
        """
        self._in_doubt = True
        self.span = span
        self._hold(error)

    def _hold(self, error: CredentialsError) -> None:
        """Hold a refusal, and note on it for how long."""
        if self._until <= loop_time():
            self.span = min(self.span * 2 or self._first_span, self._longest_span)
            self._until = loop_time() + self.span
        self._error = error
        # When its time is over a note may meet it anew.
        self._by_note = None if error.may_be_about_reading else error
        error.retry_in = self._until - loop_time()

    def undecided(self) -> None:
        """Forget a refusal whose time is over, but not its span: the CAD gave no verdict."""
        if self._until <= loop_time():
            self._error = None
            self._in_doubt = False

    def accepted(self) -> None:
        """Forget: the CAD has taken these credentials."""
        self._error = self._by_note = self._by_read = None
        self._in_doubt = False
        self._until = self.span = 0.0


def _again(error: CredentialsError, retry_in: float) -> CredentialsError:
    return CredentialsError(
        error.text,
        status=error.status,
        trace_id=error.trace_id,
        retry_in=retry_in,
        remembered=True,
        from_edge=error.from_edge,
    )
