"""Knows whether the CAD takes notes at the moment, and finds out when it does again."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential_jitter,
)

from bot.outbox.stored_failure import Failure, failure_of
from bot.sliding_window import SlidingWindow
from bot.sonoran import (
    CredentialsError,
    RateLimitedError,
    RefusedError,
    SonoranClient,
    SonoranError,
)
from bot.timing import loop_time

_log = logging.getLogger(__name__)


class CircuitBreaker:
    """The circuit breaker before one community's CAD.

    One failure opens the circuit for all notes, so that no other note waits out the same time-out.
    While it is open the CAD is asked something harmless, at once and then with pauses that double
    from `first_pause` up to `longest_pause` seconds, somewhat at random; a delay that the CAD asked
    for is waited out in full. When it answers, one note goes ahead; the CAD's answer to it, or to
    one sent earlier, closes the circuit for the rest. A refusal of the credentials opens it, too:
    the question confirms it or does not, and while it is confirmed the next one follows when the
    client asks again. `changed` is set whenever a note may newly go; `community` is for the log.
    `run` must be running.
    """

    def __init__(
        self,
        cad: SonoranClient,
        changed: asyncio.Event,
        *,
        first_pause: float,
        longest_pause: float,
        community: str,
    ) -> None:
        self._of = f" of community {community}" if community else ""
        self._cad = cad
        self._changed = changed
        first_pause = min(first_pause, longest_pause)
        self._back_off = wait_exponential_jitter(
            multiplier=first_pause, max=longest_pause, jitter=first_pause
        )
        self.last_failure: Failure | None = None
        """Why the circuit is open, None while it is closed."""
        self._hold_until = 0.0
        self._trial: asyncio.Future[None] | None = None
        self._trial_free = False
        self._open = asyncio.Event()
        self.limited = SlidingWindow(1000, 3600.0)
        """The answers of the last hour that the CAD gets too many requests."""
        self.failure_count = 0
        """How often it failed; a send that was about to begin when this grows waits instead."""
        self.credentials_pass = True
        """Whether the CAD took the credentials when it was last asked something harmless."""

    @property
    def held_back(self) -> bool:
        """Whether a delay that the CAD asked for is being waited out."""
        return self._hold_until > loop_time()

    @property
    def allows_request(self) -> bool:
        """Whether a note may be sent now."""
        return self.last_failure is None or self._trial_free

    def acquire_trial(self) -> contextlib.ExitStack:
        """Take the place of the one note that goes ahead, which means nothing on a closed circuit.

        What is returned is to be closed as soon as the note is known not to be sent, so that
        another may take the place, and at the end in any case.
        """
        acquired = contextlib.ExitStack()
        if self._trial_free:
            acquired.callback(self._release_trial, self._trial)
        self._trial_free = False
        return acquired

    def record_success(self) -> None:
        """Record that the CAD answered a send."""
        self.credentials_pass = True
        if self._trial is not None and not self._trial.done():
            self._trial.set_result(None)
            # Here and not in `run`, which could wipe out a failure that is told meanwhile.
            self.last_failure = None
            self._open.clear()
            self._changed.set()
            _log.info("the CAD%s accepts notes again", self._of)

    def _release_trial(self, trial: asyncio.Future[None] | None) -> None:
        if trial is not None and trial is self._trial and not trial.done():
            self._trial_free = True
            self._changed.set()

    def record_failure(self, error: SonoranError) -> None:
        """Record that the CAD did not take a note: unreachable, not answering, or limiting."""
        if isinstance(error, RateLimitedError):
            self._hold_for(error)
        self.failure_count += 1
        if self._trial is not None and not self._trial.done():
            self._trial_free = False
            self._trial.set_exception(error)
        if self.last_failure is None:
            _log.warning("notes are held back, the CAD%s does not accept them: %s", self._of, error)
        self.last_failure = failure_of(error)
        self._open.set()

    async def run(self) -> None:
        """Wait for the circuit to open, and close it again, for ever."""
        while True:
            await self._open.wait()
            await self._recover()

    async def _recover(self) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(SonoranError),
            wait=self._pause,
            sleep=self._cad.renewed_within,  # other credentials are tried at once
        ):
            with attempt:
                await self._hold()
                await self._probe()
                await self._hold()
                await self._run_trial()

    def _hold_for(self, error: RateLimitedError) -> None:
        self.limited.add()
        if error.retry_after is not None:
            self._hold_until = max(self._hold_until, loop_time() + error.retry_after)

    async def _hold(self) -> None:
        """Wait out the delay that the CAD asked for, also when it grows meanwhile."""
        while (left := self._hold_until - loop_time()) > 0:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(left)

    def _pause(self, state: RetryCallState) -> float:
        """Return the time until the next question, in seconds."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, CredentialsError) and error.retry_in:
            return error.retry_in
        return self._back_off(state)

    async def _probe(self) -> None:
        try:
            await self._cad.probe()
        except CredentialsError as error:
            self.credentials_pass = False
            confirmed = error.retry_in > 0
            if confirmed or error.from_edge or not error.may_be_about_reading:
                self.last_failure = failure_of(error)
                raise
            return  # it may be allowed to add notes all the same, which one is to show
        except RefusedError:
            return  # it answered; the refusal is each note's own outcome
        except RateLimitedError as error:
            self._hold_for(error)
            raise
        self.credentials_pass = True

    async def _run_trial(self) -> None:
        """Let one note go and wait for its result; raises what it failed with."""
        self._trial = asyncio.get_running_loop().create_future()
        self._trial_free = True
        self._changed.set()
        try:
            await self._trial
        finally:
            self._trial = None
            self._trial_free = False
