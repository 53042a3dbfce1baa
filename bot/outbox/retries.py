"""Repeats an operation on the database until it succeeds."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from bot.storage import StorageError, UnusableDatabaseError
from bot.timing import Timing

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


async def with_retries(operation: Callable[[], Awaitable[_Result]], timing: Timing) -> _Result:
    """Do a database operation until it succeeds, and return its result.

    It is tried again at once, then after growing pauses that are somewhat at random. A statement
    that the database rejects is logged, and what makes a database unusable.
    """
    with contextlib.suppress(StorageError, SQLAlchemyError):
        return await operation()  # at once, as making what tries again takes a while
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type((StorageError, SQLAlchemyError)),
        before_sleep=_report,
        wait=wait_random_exponential(
            multiplier=timing.first_store_retry, max=timing.longest_store_retry
        ),
    ):
        with attempt:
            return await operation()
    raise AssertionError("the loop above ends only by returning or raising")


def _report(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, UnusableDatabaseError):
        _log.error("%s", error)
    elif isinstance(error, SQLAlchemyError):  # unexpected
        _log.error("the database rejected a statement; trying again", exc_info=error)
