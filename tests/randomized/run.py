"""The run itself: people, faults and ends of processes at once, then quiet, then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bot.sandbox.discord import DiscordServer
from bot.sandbox.sonoran import SonoranServer
from bot.storage import DatabaseUrl
from tests.randomized.children import Children
from tests.randomized.database_faults import DatabaseFaults
from tests.randomized.disturbances import Disturbances
from tests.randomized.faults import refuse_texts
from tests.randomized.moments import Moments
from tests.randomized.people import MOST_WAITING, People
from tests.randomized.truth import Spoken, Verdict, history, judge, surely_doubled
from tests.randomized.witness import Witness
from tests.world import API_KEY, COMMUNITY, TOKEN

LAPSE_SECONDS = 27.0
"""How long other processes need to see that one is gone: 24 s and the pauses between looks."""

SETTLING_SECONDS = 300.0
"""What the last notes may take: an edit that Discord does not take is tried again after up to 30 s,
and discord.py tries each message that Discord fails over for 25 s, one by one in a channel."""

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Size:
    """How much happens: accepted notes, kills, and how many of the rest besides.

    `lapses` are kills after which the dead process's claim is left to lapse by itself; after all
    others it is deleted. `give_up` is when the bot gives a note up, in seconds. `neighbours` are as
    for `People`. `failovers` are of a PostgreSQL database, whose process is to live on. With
    `until_doubled`, nothing more happens once the CAD has got a note twice.
    """

    notes: int
    kills: int
    stops: int
    outages: int
    lapses: int
    give_up: int
    pause: float = 0.08
    neighbours: int = 60
    failovers: int = 0
    until_doubled: bool = False


@dataclass(frozen=True)
class Result:
    """The verdict of a run, its counts in one line, and what happened to each offending note."""

    verdict: Verdict
    line: str
    histories: list[str]


class Run:
    """One run; `seed` decides everything that this process decides."""

    def __init__(
        self,
        seed: int,
        size: Size,
        address: DatabaseUrl,
        folder: Path,
        discord: DiscordServer,
        cad: SonoranServer,
        database_faults: DatabaseFaults,
        command: list[str],
    ) -> None:
        self._seed = seed
        self._size = size
        self._shared = address.path is None
        self._discord = discord
        self._cad = cad
        # Apart, so that what one draws does not depend on how often another did.
        self._fate, habits = (
            Random(f"{seed} {part}")  # noqa: S311 - to be repeatable is the point
            for part in ("fate", "people")
        )
        self._habits = habits
        self._people = People(habits, discord, cad, size.neighbours)
        discord.world.messages.filters.append(refuse_texts)
        self._database_faults = database_faults
        self._disturbances = Disturbances(seed, discord, cad, database_faults, size.pause)
        self._witness = Witness(address)
        self._moments = Moments(self._fate, discord, cad, self._witness)
        settings = {
            "DISCORD_TOKEN": TOKEN,
            "SONORAN_API_KEY": API_KEY,
            "SONORAN_COMMUNITY_ID": COMMUNITY,
            "DISPATCHER_ROLE_IDS": ",".join(str(role.id) for role in self._people.roles),
            "SONORAN_API_URL": cad.url,
            "DISCORD_API_URL": discord.api_url,
            "DATABASE_URL": database_faults.setting,
            "SONORAN_SETTLE_SECONDS": "1",
            "SONORAN_CALL_READS_PER_MINUTE": "600",
            "SONORAN_NOTES_PER_MINUTE": "6000",
            "SONORAN_NOTES_BURST": "100",
            "SONORAN_LONGEST_PAUSE_SECONDS": "1",
            "NOTE_GIVE_UP_SECONDS": str(size.give_up),
        }
        self._children = Children(
            command, settings, folder, discord, self._witness, shared=self._shared
        )
        self._up = asyncio.Event()
        self._ended = {"kills": 0, "stops": 0}

    async def result(self) -> Result:
        """Let everything happen and return what came of it.

        Raises `EndedError`, in a group, when a process ends by itself.
        """
        await self._witness.prepare()
        try:
            await self._start()
            async with _meanwhile(self._children.watch()):
                disturbing = self._disturbances
                async with _meanwhile(
                    self._live(), disturbing.disturb(), disturbing.disturb_database()
                ):
                    await self._end_processes()
                    await self._fail_over()
                    await self._until(self._reaches(self._size.notes))
                await self._settle()
            return await self._judged()
        finally:
            await self._children.end()
            await self._witness.close()

    async def _start(self) -> None:
        version = self._fate.choice(["auto", "1", "2"])
        await self._children.start(SONORAN_API_VERSION=version)
        self._up.set()

    async def _live(self) -> None:
        """Let people act as long as the bot is there, and sometimes while it is not."""
        while True:
            if self._habits.random() > 0.03:
                await self._up.wait()
            await self._until(lambda: len(self._people.waiting()) < MOST_WAITING)
            await self._people.act()
            await asyncio.sleep(self._habits.expovariate(1 / self._size.pause))

    async def _end_processes(self) -> None:
        """End processes at random moments, spread over the notes, and start others."""
        size = self._size
        ends = ["kill"] * size.kills + ["stop"] * size.stops
        self._fate.shuffle(ends)
        kills = [number for number, end in enumerate(ends) if end == "kill"]
        lapses = set(self._fate.sample(kills, size.lapses)) if self._shared else set()
        outages = set(self._fate.sample(range(len(ends)), size.outages))
        for number, end in enumerate(ends):
            due = size.notes * (number + self._fate.random()) / len(ends)
            await self._until(self._reaches(due))
            if self._enough():
                return
            if number in outages:
                await self._disturbances.outage(size.give_up + 2.0)  # so that notes are given up
            overlap = self._shared and self._fate.random() < 0.3
            if overlap:
                await self._start()
            await self._end_one(end, lapse=number in lapses, overlap=overlap)

    async def _fail_over(self) -> None:
        """Let failovers happen at random moments, spread over the notes; then restart the bot.

        What was marked as shown is so no more, until another process shows it again.
        """
        size = self._size
        for number in range(size.failovers):
            await self._until(
                self._reaches(size.notes * (number + self._fate.random()) / size.failovers)
            )
            await self._database_faults.fail_over(self._fate)
            await asyncio.sleep(self._fate.choice([1.0, 6.0]))
        if size.failovers:
            await self._until(self._reaches(size.notes))
            await asyncio.sleep(LAPSE_SECONDS)
            await self._end_one("stop", lapse=False, overlap=False)

    def _reaches(self, accepted: float) -> Callable[[], bool]:
        return lambda: self._people.accepted >= accepted or self._enough()

    def _enough(self) -> bool:
        """Whether nothing more need happen for a verdict that finds a note doubled."""
        return self._size.until_doubled and surely_doubled(self._cad, self._people.spoken)

    async def _end_one(self, end: str, *, lapse: bool, overlap: bool) -> None:
        child = self._children.living[0]
        await self._moments.next()
        self._ended[f"{end}s"] += 1
        if not overlap:
            self._up.clear()
        if end == "stop":
            await self._children.stop(child)
        else:
            self._children.kill(child)
            await self._children.gone(child)
        if self._fate.random() < 0.5:
            self._disturbances.end()
        if not lapse and self._shared:
            await self._children.forget_the_dead()
        if not overlap:
            await asyncio.sleep(self._fate.choice([0.0, 0.0, 0.5]))
            await self._start()
        if lapse:
            await asyncio.sleep(LAPSE_SECONDS)

    async def _settle(self) -> None:
        """Let everything end that has begun."""
        self._disturbances.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.0 if self._enough() else SETTLING_SECONDS):
                await self._until(self._everybody_answered)
                await self._witness.settled()
                await self._until(self._everybody_answered)
        for child in list(self._children.living):
            await self._children.stop(child)

    def _everybody_answered(self) -> bool:
        self._people.find_posts()
        return all(each.told is not None for each in self._people.spoken if each.accepted)

    async def _judged(self) -> Result:
        self._people.find_posts()
        verdict = judge(self._cad, self._people.spoken)
        counts = {
            **verdict.counts,
            "kills": self._ended["kills"],
            "stops": self._ended["stops"],
            "restarts": self._children.started - 1,
        }
        line = ", ".join(f"{name} {count}" for name, count in counts.items())
        histories = [
            f"{offence}: {await self._history(each)}"
            for offence, notes in verdict.offences.items()
            for each in notes
        ]
        return Result(verdict, f"seed {self._seed}: {line}", histories)

    async def _history(self, each: Spoken) -> str:
        lines = history(self._cad, self._discord, each)
        lines.append(f"  outbox: {await self._witness.history(each.interaction.id)}")
        return "\n".join(lines)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():  # noqa: ASYNC110 - much of what is asked for announces nothing
            await asyncio.sleep(LOOK_SECONDS)


async def randomized(
    seed: int, size: Size, address: DatabaseUrl, folder: Path, *command: str
) -> Result:
    """Do a run on an empty database; `command` is what starts the bot behind `python -m`."""
    async with (
        DiscordServer(token=TOKEN) as discord,
        SonoranServer(community_id=COMMUNITY, api_key=API_KEY) as cad,
        DatabaseFaults.of(address) as faults,
    ):
        cad.rate_limited = False
        run = Run(seed, size, address, folder, discord, cad, faults, list(command or ["bot"]))
        return await run.result()


@contextlib.asynccontextmanager
async def _meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do all this until the end of the block; what it raises ends the block, too."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()
