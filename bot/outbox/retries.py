"""Repeats an operation on the database until it succeeds."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.storage import StorageError
from bot.timing import Timing, back_off

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


async def with_retries(operation: Callable[[], Awaitable[_Result]], timing: Timing) -> _Result:
    """Do a database operation until it succeeds, and return its result.

    The pauses grow, and are somewhat at random. A statement that the database rejects is logged.
    """
    pauses = back_off(timing.first_store_retry, timing.longest_store_retry)
    while True:
        try:
            return await operation()
        except StorageError:
            pass
        except SQLAlchemyError as error:  # unexpected
            _log.error("the database rejected a statement; trying again", exc_info=error)
        await asyncio.sleep(random.uniform(0.0, next(pauses)))  # noqa: S311
