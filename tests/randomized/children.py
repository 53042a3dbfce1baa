"""The bot as child processes that can be killed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.discord import DiscordServer
from tests import fork_server
from tests.randomized.witness import Witness

START_SECONDS = 30.0
STOP_SECONDS = 40.0
LOOK_SECONDS = 0.2


@dataclass(eq=False)
class Child:
    """One process; `owner` is its name in the outbox, known where several can share one.

    `ending` tells that it was killed or asked to end.
    """

    process: fork_server.Forked
    owner: str | None = None
    ending: bool = False


class EndedError(Exception):
    """A process ended by itself, or not well."""


class Children:
    """Starts and ends the processes of a run, one after another or two at a time.

    `command` is what stands behind `python -m`. What they print goes to `output` in `folder`.
    """

    def __init__(
        self,
        command: list[str],
        settings: dict[str, str],
        folder: Path,
        discord: DiscordServer,
        witness: Witness,
        *,
        shared: bool,
    ) -> None:
        self.living: list[Child] = []
        self.started = 0
        self._command = command
        self._settings = settings
        self._folder = folder
        self._discord = discord
        self._witness = witness
        self._shared = shared

    @property
    def output(self) -> Path:
        """The file with everything that the processes printed."""
        return self._folder / "output.txt"

    async def start(self, **settings: str) -> None:
        """Start one more process and wait until it is connected to Discord."""
        before = await self._witness.owners() if self._shared else set()
        with self.output.open("ab") as output:
            process = await fork_server.fork(
                self._folder,
                {
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(fork_server.ROOT),
                    **self._settings,
                    **settings,
                },
                *self._command,
                output=output,
            )
        child = Child(process)
        self.living.append(child)
        self.started += 1
        async with asyncio.timeout(START_SECONDS):
            await self._discord.connected(len(self.living))
            while self._shared and child.owner is None:
                child.owner = next(iter(await self._witness.owners() - before), None)

    def kill(self, child: Child) -> None:
        """Kill a process at this very moment; `gone` is to follow."""
        child.ending = True
        child.process.kill()

    async def gone(self, child: Child) -> None:
        """Wait until a process has ended and Discord knows it."""
        async with asyncio.timeout(STOP_SECONDS):
            await child.process.wait()
            self.living.remove(child)
            await self._discord.world.changes.until(
                lambda: len(self._discord.connections) <= len(self.living)
            )

    async def stop(self, child: Child) -> None:
        """Ask a process to end and wait for it; raises `EndedError` unless it ends well."""
        child.ending = True
        child.process.terminate()
        await self.gone(child)
        if child.process.returncode:
            raise self._ended(child)

    async def watch(self) -> None:
        """Raise `EndedError` as soon as a process ends by itself."""
        while True:
            for child in self.living:
                if child.process.returncode is not None and not child.ending:
                    raise self._ended(child)
            await asyncio.sleep(LOOK_SECONDS)

    def _ended(self, child: Child) -> EndedError:
        last = self.output.read_text(errors="replace")[-2000:]
        return EndedError(f"ended with {child.process.returncode}, having printed:\n{last}")

    async def forget_the_dead(self) -> None:
        """Let the claims of processes that are gone lapse at once."""
        living = {child.owner for child in self.living if child.owner is not None}
        await self._witness.forget_processes(living)

    async def end(self) -> None:
        """Kill whatever is left."""
        for child in list(self.living):
            if child.process.returncode is None:
                child.process.kill()
            await child.process.wait()
        self.living.clear()
