"""Callnote as a host runs it: a child process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from tests import fork_server
from tests.database import file_in, make_file
from tests.world import API_KEY, COMMUNITY, PATIENCE, TOKEN, World

ROOT = Path(__file__).parent.parent


class Process(Protocol):
    """A process, with as much of `asyncio.subprocess.Process` as is used."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    async def wait(self) -> int: ...
    async def communicate(self) -> tuple[bytes, bytes]: ...


class Child:
    """`python -m bot` in a folder of its own, with only the given settings."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def signal(self, number: int) -> None:
        """Send a signal; raises `ProcessLookupError` when the process has ended.

        Not through `Process.send_signal`: that asks for the exit status first, which is then lost
        to asyncio (255 instead), up to Python 3.12.
        """
        os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """End it as the operating system does, which no process can prevent."""
        self.process.kill()
        await asyncio.wait_for(self.process.communicate(), PATIENCE)

    async def ended(self) -> tuple[int, str, str]:
        """Wait for the end; returns the exit status, standard output and standard error."""
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


async def start(
    folder: Path, settings: dict[str, str], *arguments: str, module: str = "bot"
) -> Child:
    """Start `python -m bot` with these settings and arguments, in the quick way."""
    return Child(await fork_server.fork(folder, environment(settings), module, *arguments))


async def interpret(
    folder: Path, settings: dict[str, str], *command: str
) -> asyncio.subprocess.Process:
    """Start the interpreter itself, as a host does, with a command line of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=folder,
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return an environment with settings and what the interpreter needs."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}


def settings_of(world: World, **more: str) -> dict[str, str]:
    """Return the settings with which a child finds the World's simulators."""
    return {
        "DISCORD_TOKEN": TOKEN,
        "SONORAN_API_KEY": API_KEY,
        "SONORAN_COMMUNITY_ID": COMMUNITY,
        "DISPATCHER_ROLE_IDS": str(world.role.id),
        "SONORAN_API_URL": world.cad.url,
        "DISCORD_API_URL": world.discord.api_url,
        **more,
    }


@contextlib.asynccontextmanager
async def running(
    world: World, folder: Path, *, connections: int = 1, **more: str
) -> AsyncIterator[Child]:
    """Run the bot, with quick periods, until the end of the block.

    `connections` is how many there are with it.
    """
    if "DATABASE_URL" not in more:
        make_file(file_in(folder))
    child = await start(folder, settings_of(world, **more), module="tests.quick_bot")
    try:
        await asyncio.wait_for(world.discord.connected(connections), PATIENCE)
        yield child
    finally:
        if child.process.returncode is None:
            child.process.kill()
            await child.process.wait()
