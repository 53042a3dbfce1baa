"""Settles which API version a CAD speaks, by asking it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable

from bot.sonoran import v1, v2
from bot.sonoran.errors import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    SonoranError,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.models import ApiVersion, Credentials, VersionSign
from bot.sonoran.transport import Transport
from bot.sonoran.wire import error_of
from bot.timing import loop_time

ASK_AGAIN_SECONDS = 30.0
"""The least time between two questions while none has been answered clearly."""

ASK_AGAIN_AT_LATEST_SECONDS = 900.0
"""The most that a rate limit of the question puts off all notes; and the time between two questions
while version 1 is known by what anybody may answer."""

ASK_SECONDS = 5.0  # how long the question may take, so that a note's own request still has its time

_OF_ANYBODY = (VersionSign.WEB_PAGE, VersionSign.NO_ADDRESS)
"""What a firewall, a proxy or a gateway may answer as well, for a moment."""

_log = logging.getLogger(__name__)


class VersionChoice:
    """The API version in use: given, or found out by the cheapest version 2 read.

    A clear answer is kept until it is doubted. Without one the question is asked again before the
    next request, at most every 30 seconds. What anybody may answer counts as version 1 where that
    answers, too; then version 2 is looked for every 15 minutes, while nobody waits, and used once
    it answers. `accepted` is called when the answer shows that the CAD takes the credentials.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        given: ApiVersion | None,
        accepted: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._given = given
        self.settled = given  # the version in use; None while it is not known
        self.reason = None if given is None else (VersionSign.GIVEN, 0)
        """By what it is known, with the status of the answer; None while it is not known."""
        self._accepted = accepted
        self._asking = asyncio.Lock()
        self._unanswered: NoEffectError | RateLimitedError | None = None
        self._ask_again_at = 0.0 if given is None else math.inf
        self._asking_again: asyncio.Task[None] | None = None  # lest it be collected

    async def get(self) -> ApiVersion:
        """Return the version, asking the CAD first when it is not settled.

        Raises `NoEffectError` or `RateLimitedError` when the CAD gave no clear answer, now or
        less than 30 seconds ago, and `CredentialsError` when it turned the credentials down;
        in each case nothing but the question was sent.
        """
        if self.settled is not None:
            if loop_time() >= self._ask_again_at:
                self._ask_again_at = loop_time() + ASK_AGAIN_AT_LATEST_SECONDS
                self._asking_again = asyncio.create_task(self._look_for_version_2())
            return self.settled
        async with self._asking:
            if self.settled is not None:  # by then
                return self.settled
            if self._unanswered is not None and loop_time() < self._ask_again_at:
                raise self._again(self._unanswered)
            version, _ = await self._ask()
            return version

    async def _look_for_version_2(self) -> None:
        """Use version 2 from now on if it answers, in place of a version 1 that others spoke of."""
        with contextlib.suppress(SonoranError):
            reply = await self._transport.send(
                v2.get_version(self._credentials), seconds=ASK_SECONDS
            )
            sign = v2.read_version_sign(reply)
            if sign is VersionSign.ANSWERED and self.settled is ApiVersion.V1:
                self._ask_again_at = math.inf
                self._settle(ApiVersion.V2, sign, reply)
                self._accepted()

    async def ask_now(self) -> bool:
        """Ask unless the version is settled; returns whether the CAD took the credentials."""
        async with self._asking:
            if self.settled is not None:
                return False
            _, accepted = await self._ask()
            return accepted

    def doubt(self) -> None:
        """Forget a version that was found out: the CAD no longer seems to speak it."""
        if self._given is None:
            self.settled = self.reason = None

    async def _ask(self) -> tuple[ApiVersion, bool]:
        """Ask and settle the version; returns it and whether the credentials were taken."""
        try:
            reply = await self._transport.send(
                v2.get_version(self._credentials), seconds=ASK_SECONDS
            )
        except (NoEffectError, OutcomeUnknownError) as error:
            raise self._postpone(NoEffectError(error.reason)) from error
        sign = v2.read_version_sign(reply)
        if sign is None:
            raise self._postpone(_unclear(reply))
        if sign in _OF_ANYBODY and not await self._speaks_version_1():
            raise self._postpone(NoEffectError(Reason.WRONG_ADDRESS, text=reply.words))
        self._unanswered = None
        odd = sign in _OF_ANYBODY
        self._ask_again_at = loop_time() + ASK_AGAIN_AT_LATEST_SECONDS if odd else math.inf
        present = sign in (VersionSign.ANSWERED, VersionSign.REFUSED)
        version = ApiVersion.V2 if present else ApiVersion.V1
        self._settle(version, sign, reply)
        accepted = version is ApiVersion.V2 and reply.status < 300
        if accepted:
            self._accepted()
        if version is ApiVersion.V2 and reply.status in (401, 402, 403):
            raise error_of(reply)
        return version, accepted

    def _settle(self, version: ApiVersion, sign: VersionSign, reply: Reply) -> None:
        self.settled, self.reason = version, (sign, reply.status)
        _log.info(
            "Sonoran CAD API version %d chosen: %s, status %d",
            version.value,
            sign.name,
            reply.status,
        )

    async def _speaks_version_1(self) -> bool:
        """Ask version 1's cheapest read; returns whether version 1 answers it."""
        try:
            reply = await self._transport.send(
                v1.get_version(self._credentials), seconds=ASK_SECONDS
            )
        except (NoEffectError, OutcomeUnknownError):
            return False
        return v1.is_answer(reply)

    def _postpone(self, error: NoEffectError | RateLimitedError) -> SonoranError:
        delay = ASK_AGAIN_SECONDS
        if isinstance(error, RateLimitedError):
            delay = max(delay, min(error.retry_after or 0.0, ASK_AGAIN_AT_LATEST_SECONDS))
            error.retry_after = max(delay, error.retry_after or 0.0)
        self._unanswered = error
        self._ask_again_at = loop_time() + delay
        _log.warning("Sonoran CAD API version not settled yet: %s", error)
        return error

    def _again(self, error: NoEffectError | RateLimitedError) -> SonoranError:
        if isinstance(error, RateLimitedError):
            remaining = self._ask_again_at - loop_time()
            return RateLimitedError(error.text, retry_after=remaining, trace_id=error.trace_id)
        return NoEffectError(error.reason, text=error.text, trace_id=error.trace_id)


def _unclear(reply: Reply) -> NoEffectError | RateLimitedError:
    """Return what an unclear answer means to the request that waited for it: it was not sent."""
    error = error_of(reply)
    if isinstance(error, RateLimitedError):
        return error
    reason = Reason.WRONG_ADDRESS if 300 <= reply.status < 400 else Reason.SERVER_ERROR
    if isinstance(error, CredentialsError):
        reason = error.reason or reason
    return NoEffectError(reason, text=reply.words, trace_id=reply.trace_id)
