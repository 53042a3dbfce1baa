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
from tests.fork_server import fork
from tests.hosting import logs
from tests.hosting import pinned as packages
from tests.hosting.pinned import ROOT
from tests.note_messages import public
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
        self._runner = runner
        self._log = log

    def terminate(self) -> None:
        """Send SIGTERM to the process's group."""
        (pid,) = re.findall(r"worker\.1 started \(pid=(\d+)\)", self._log.read_text())
        os.killpg(int(pid), signal.SIGTERM)

    async def drained(self) -> None:
        """Wait for the end, which must be in good order."""
        status = await asyncio.wait_for(self._runner.wait(), PATIENCE)
        log = self._log.read_text(encoding="utf-8")
        assert status == 0, log
        assert re.findall(r"(\S+) stopped \(rc=(\S+)\)", log) == [("worker.1", "0")]
        assert not re.search(r" (WARNING|ERROR|CRITICAL) |Traceback", log), log


@contextlib.asynccontextmanager
async def dyno(world: World, environment: dict[str, str]) -> AsyncIterator[Dyno]:
    """Run the `Procfile` in a folder with the code, as the platform does after a push."""
    folder = world.folder / "dyno"
    folder.mkdir()
    for each in ("Procfile", "bot", "cogs", "requirements.txt"):
        (folder / each).symlink_to(ROOT / each)
    honcho = (sys.executable, "-m", "honcho", "--no-colour", "start")
    log = world.folder / "dyno.log"
    with log.open("wb") as output:
        runner = await asyncio.create_subprocess_exec(
            *honcho,
            cwd=folder,
            env={**environment, "HOME": str(folder), "PYTHONPATH": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        await logs.says(log, READY, runner)
        yield Dyno(runner, log)
    finally:
        if runner.returncode is None:
            runner.terminate()  # it kills what does not end
            await runner.wait()


async def test_of_two_that_overlap_each_note_is_there_once_and_sigterm_lets_them_finish(
    world: World, platform: dict[str, str]
) -> None:
    """Also the note that is in flight when the signal reaches the group, and comes again."""
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

    log = world.folder / "old.log"
    with log.open("wb") as output:
        old = await fork(world.folder, platform, "bot", output=output)
    await logs.says(log, READY, old)
    dispatchers = [asyncio.create_task(load(range(n, LOAD // 2, AT_ONCE))) for n in LANES]
    async with dyno(world, platform) as new:
        both = [load(range(LOAD // 2 + n, LOAD, AT_ONCE)) for n in LANES]
        dispatchers += map(asyncio.create_task, both)
        await eventually(lambda: len(interactions) > LOAD * 2 // 3)
        old.terminate()
        old.terminate()
        assert await asyncio.wait_for(old.wait(), PATIENCE) == 0
        assert logs.unusual(log) == []
        await asyncio.gather(*dispatchers)
        held = asyncio.Event()
        world.cad.faults.add(Fault(on="note", applied=True, hold=held))
        count = len(world.cad.note_requests)
        in_flight = asyncio.create_task(use(LOAD))
        await asyncio.wait_for(world.cad.received(count + 1), PATIENCE)
        new.terminate()
        await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
        new.terminate()
        held.set()
        await new.drained()
    await in_flight
    found = sorted(text for call in CALLS for text in world.stored(call))
    assert found == sorted(f"note {number}" for number in range(LOAD + 1))
    answers = [each.message for each in interactions]
    assert all(answer is not None and " added to call #" in answer.content for answer in answers)
    assert len(public(world)) == len(interactions) == LOAD + 1
    assert [each.status for each in world.discord.requests if each.route == "commands_put"] == [200]
    assert len(world.discord.identifies) == 2  # however many processes WEB_CONCURRENCY asks for
