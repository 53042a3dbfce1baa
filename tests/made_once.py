"""What a run of the tests makes once, in whichever of its processes needs it first."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_NEEDED_BYTES = 2 << 30

_folder: Path | None = None


def memory() -> Path | None:
    """Return a folder in memory that has ample room, None where there is none.

    Tests make and delete tens of thousands of small files, which a disk takes long for.
    """
    folder = Path("/dev/shm")  # noqa: S108 - only the parent of folders with names of their own
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _NEEDED_BYTES:
        return None
    return folder


def share(folder: Path) -> None:
    """Keep what is made in a folder that all processes of the run know."""
    global _folder
    _folder = folder


def made_once(name: str, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
    """Return what the first call with this name in the run has made; others wait for it."""
    if _folder is None:
        return _in_a_thread(make())
    path = _folder / name
    with path.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_suffix(".new")
            unfinished.write_bytes(_in_a_thread(make()))
            unfinished.replace(path)
    return path.read_bytes()


def _in_a_thread(making: Coroutine[Any, Any, bytes]) -> bytes:
    """Run what must not disturb the event loop that there may be in this thread."""
    with ThreadPoolExecutor() as threads:
        return threads.submit(asyncio.run, making).result()


def was_made(name: str) -> bytes | None:
    """Return what has been made in the run, None where nothing was."""
    path = None if _folder is None else _folder / name
    return path.read_bytes() if path is not None and path.exists() else None
