"""The bot as a Heroku-style host runs it: the `Procfile`'s process, PostgreSQL and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.texts import READY
from bot.sandbox.discord import Interaction
from bot.sandbox.sonoran import Fault
from bot.storage import DatabaseUrl
from tests import database
from tests.child import settings_of
from tests.database import setting_of
from tests.hosting import pinned as packages
from tests.hosting.pinned import ROOT
from tests.note_messages import ADDED, public
from tests.outbox.workers import eventually
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long

pinned = packages.pinned
address = database.address

CALLS = range(201, 209)
LOAD = 40  # notes
AT_ONCE = 4
LANES = range(AT_ONCE)


@pytest.fixture
def engine() -> str:
    """Give only PostgreSQL, as such a host wipes files."""
    return "postgresql"


@pytest.fixture
def platform(world: World, pinned: Path, address: DatabaseUrl) -> dict[str, str]:
    """Give the environment that the platform makes, with the settings of the host."""
    url = setting_of(address).replace("postgresql://", "postgres://", 1)
    return {
        "PATH": f"{pinned}:{os.environ['PATH']}",
        "DYNO": "worker.1",
        "PORT": "41235",
        "WEB_CONCURRENCY": "2",
        "PYTHONUNBUFFERED": "true",
        "HOME": str(world.folder),
        "PYTHONPATH": str(world.folder),
        "SONORAN_NOTES_PER_MINUTE": "6000",
        "SONORAN_NOTES_BURST": "1000",
        **settings_of(world, DATABASE_URL=url),
    }


class Dyno:
    """What the `Procfile` declares, run by honcho, which logs how each process ends."""

    def __init__(self, runner: asyncio.subprocess.Process, log: Path) -> None:
        self.runner = runner
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def logs(self, text: str) -> None:
        await eventually(lambda: text in self.log or self.runner.returncode is not None)
        assert text in self.log, self.log

    def terminate(self) -> None:
        """Send SIGTERM to the process's group."""
        (pid,) = re.findall(r"worker\.1 started \(pid=(\d+)\)", self.log)
        os.killpg(int(pid), signal.SIGTERM)

    async def drained(self) -> None:
        """Wait for the end, which must be in good order."""
        assert await asyncio.wait_for(self.runner.wait(), PATIENCE) == 0, self.log
        assert re.findall(r"(\S+) stopped \(rc=(\S+)\)", self.log) == [("worker.1", "0")]
        assert not re.search(r" (WARNING|ERROR|CRITICAL) |Traceback", self.log), self.log


@contextlib.asynccontextmanager
async def dyno(world: World, name: str, environment: dict[str, str]) -> AsyncIterator[Dyno]:
    """Run the `Procfile` in a folder with the code, as the platform does after a push."""
    folder = world.folder / name
    folder.mkdir()
    for each in ("Procfile", "bot", "cogs", "requirements.txt"):
        (folder / each).symlink_to(ROOT / each)
    honcho = (sys.executable, "-m", "honcho", "--no-colour", "start")
    log = world.folder / f"{name}.log"
    with log.open("wb") as output:
        runner = await asyncio.create_subprocess_exec(
            *honcho,
            cwd=folder,
            env={**environment, "HOME": str(folder), "PYTHONPATH": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    process = Dyno(runner, log)
    try:
        await process.logs(READY)
        yield process
    finally:
        if runner.returncode is None:
            runner.terminate()  # it kills what does not end
            await runner.wait()


async def test_what_is_in_flight_is_finished_after_sigterm_to_the_group(
    world: World, platform: dict[str, str]
) -> None:
    held = asyncio.Event()
    async with dyno(world, "one", platform) as one:
        world.cad.faults.add(Fault(on="note", applied=True, hold=held))
        interaction = await world.use()
        await asyncio.wait_for(world.cad.received(1), PATIENCE)
        one.terminate()
        await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
        one.terminate()
        held.set()
        await one.drained()
    assert interaction.message is not None
    assert interaction.message.content == ADDED
    assert world.stored() == ["some note here"]
    assert len(world.discord.identifies) == 1  # however many processes WEB_CONCURRENCY asks for


async def test_of_two_that_overlap_each_note_and_each_answer_is_there_once(
    world: World, platform: dict[str, str]
) -> None:
    for call in CALLS:
        world.cad.add_call(call)
    interactions: list[Interaction] = []

    async def use(number: int) -> None:
        call = str(CALLS[number % len(CALLS)])
        interactions.append(await world.use(f"note {number}", call))
        await world.final(interactions[-1])

    async def load(numbers: range) -> None:
        for number in numbers:
            await use(number)

    async with dyno(world, "old", platform) as old:
        dispatchers = [asyncio.create_task(load(range(n, LOAD // 2, AT_ONCE))) for n in LANES]
        async with dyno(world, "new", platform) as new:
            both = [load(range(LOAD // 2 + n, LOAD, AT_ONCE)) for n in LANES]
            dispatchers += map(asyncio.create_task, both)
            await eventually(lambda: len(interactions) > LOAD * 2 // 3)
            old.terminate()
            old.terminate()
            await old.drained()
            await use(LOAD)
            await asyncio.gather(*dispatchers)
            new.terminate()
            await new.drained()
    found = sorted(text for call in CALLS for text in world.stored(call))
    assert found == sorted(f"note {number}" for number in range(LOAD + 1))
    answers = [each.message for each in interactions]
    assert all(answer is not None and " added to call #" in answer.content for answer in answers)
    assert len(public(world)) == len(interactions) == LOAD + 1
    assert [each.status for each in world.discord.requests if each.route == "commands_put"] == [200]
