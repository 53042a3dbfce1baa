"""The programs that are measured, as processes started like a host starts them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from bot.storage import DatabaseUrl
from tests.benchmark.place import Place
from tests.child import environment
from tests.database import setting_of
from tests.world import API_KEY, COMMUNITY, TOKEN

START_SECONDS = 60.0
"""How long a process may take until it is connected."""


class Subject(StrEnum):
    """A program, by what stands in the table's head."""

    FLOOR = "floor"
    MINIMAL = "minimal"
    CALLNOTE = "callnote"


_MODULES = {
    Subject.FLOOR: "tests.benchmark.floor",
    Subject.MINIMAL: "tests.benchmark.minimal_bot",
    Subject.CALLNOTE: "bot",
}

# What a host can set, raised so that it is not what is measured.
_LIMITS = {
    "SONORAN_NOTES_PER_MINUTE": "6000",
    "SONORAN_NOTES_BURST": "1000",
    "NOTES_WAITING_LIMIT": "100000",
}


class Spawned(Protocol):
    """As much of `asyncio.subprocess.Process` as is used."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def kill(self) -> None: ...
    async def wait(self) -> int: ...


async def spawn(
    folder: Path, environment: dict[str, str], module: str, *, output: BinaryIO
) -> Spawned:
    """Start `python -m` with a module, in a new interpreter, as a host does."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
    )


class Process:
    """A running program."""

    def __init__(self, process: Spawned, started_at: float) -> None:
        self.started_at = started_at
        """When it was started, in seconds of the monotonic clock."""
        self._process = process
        # Linux's number for the CPU clock of another process (clock_getcpuclockid).
        self._clock = (~process.pid << 3) | 2

    @property
    def cpu(self) -> float:
        """The seconds of CPU time that all its threads have used."""
        return time.clock_gettime(self._clock)

    @property
    def resident(self) -> float:
        """The memory that it has at the moment, in MB of 1024 * 1024 bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2

    async def kill(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def start(
    subject: Subject, place: Place, folder: Path, address: DatabaseUrl, **settings: str
) -> Process:
    """Start a program and wait until it is connected; what it prints goes to a file in `folder`."""
    connected = len(place.discord.identifies) + 1
    with (folder / f"{subject}.txt").open("ab") as output:
        started_at = time.monotonic()
        process = await spawn(
            folder,
            environment(
                {
                    "DISCORD_TOKEN": TOKEN,
                    "SONORAN_API_KEY": API_KEY,
                    "SONORAN_COMMUNITY_ID": COMMUNITY,
                    "DISPATCHER_ROLE_IDS": str(place.role.id),
                    "SONORAN_API_URL": place.cad.url,
                    "DISCORD_API_URL": place.discord.api_url,
                    "DISCORD_GATEWAY_URL": place.discord.gateway_url,
                    "DATABASE_URL": setting_of(address),
                    **_LIMITS,
                    **settings,
                }
            ),
            _MODULES[subject],
            output=output,
        )

    def ready() -> bool:
        if process.returncode is not None:
            said = (folder / f"{subject}.txt").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{subject} ended: {said}")
        return len(place.discord.identifies) >= connected and any(
            connection.ready for connection in place.discord.connections
        )

    async with asyncio.timeout(START_SECONDS):
        while not ready():  # noqa: ASYNC110 - the end of a process announces nothing here
            await asyncio.sleep(0.002)
    return Process(process, started_at)


@contextlib.asynccontextmanager
async def running(
    subject: Subject, place: Place, folder: Path, address: DatabaseUrl, **settings: str
) -> AsyncIterator[Process]:
    """Run a program until the end of the block, where it is killed."""
    process = await start(subject, place, folder, address, **settings)
    try:
        yield process
    finally:
        await process.kill()
