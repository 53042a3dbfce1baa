"""Waits for work no longer than somebody else does."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

_Result = TypeVar("_Result")


async def wait_at_most(seconds: float, work: asyncio.Task[_Result]) -> _Result:
    """Return what `work` returns, if that is within so many seconds; what it raises is raised.

    Raises `TimeoutError` otherwise. The work is cancelled then, but its end not waited for: a
    database that hangs can draw that out for longer than Discord waits.
    """
    try:
        await asyncio.wait({work}, timeout=seconds)
        if work.done():
            return work.result()
        raise TimeoutError
    finally:
        if not work.done():
            work.cancel()
            work.add_done_callback(_notice)


def _notice(work: asyncio.Task[Any]) -> None:
    """Take what abandoned work ended with, so that asyncio does not report it as lost."""
    if not work.cancelled():
        work.exception()
