"""What is measured: rows of figures, and how much of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.storage import DatabaseUrl
from tests.benchmark.databases import Databases
from tests.benchmark.place import Place, place
from tests.benchmark.processes import Process, Subject, running

WARMING = 30
"""How many commands are answered before anything is measured, so that nothing is done for the
first time in it; but see `start`."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much each row does. `paced`, `at_once`, `flood`, `cpu`, `notes`: numbers of commands.

    `quiet` is how many seconds pass before `idle` of them are measured. `guilds` and `kept` are the
    numbers of guilds and of kept notes with which something is measured, `old` how many notes there
    are while old ones are deleted, `open` how many are unfinished when a process starts, `calls`
    how many live calls the CAD has.
    """

    paced: int
    at_once: int
    flood: int
    cpu: int
    quiet: float
    idle: float
    guilds: tuple[int, ...]
    notes: int
    kept: tuple[int, ...]
    old: int
    open: int
    calls: tuple[int, ...]


SIZES: Mapping[str, Size] = {
    "tiny": Size(
        paced=5,
        at_once=10,
        flood=20,
        cpu=10,
        quiet=1.0,
        idle=1.0,
        guilds=(1,),
        notes=20,
        kept=(100,),
        old=1000,
        open=5,
        calls=(10,),
    ),
    "usual": Size(
        paced=120,
        at_once=500,
        flood=2000,
        cpu=400,
        quiet=12.0,
        idle=6.0,
        guilds=(1, 100, 1000),
        notes=1000,
        kept=(100, 10_000, 100_000),
        old=100_000,
        open=1000,
        calls=(10, 500, 5000),
    ),
    "large": Size(
        paced=120,
        at_once=500,
        flood=2000,
        cpu=400,
        quiet=12.0,
        idle=10.0,
        guilds=(100, 1000, 10_000),
        notes=200,
        kept=(100,),
        old=1000,
        open=5,
        calls=(10,),
    ),
    "full": Size(
        paced=600,
        at_once=500,
        flood=2000,
        cpu=2000,
        quiet=12.0,
        idle=30.0,
        guilds=(1, 100, 1000),
        notes=10_000,
        kept=(100, 10_000, 1_000_000),
        old=1_000_000,
        open=1000,
        calls=(10, 500, 5000),
    ),
}


@dataclass(frozen=True)
class Figure:
    """One figure; `goal` is what it is to reach, and `goal_postgresql` where that differs.

    `compared` tells how Callnote's is set beside that of the minimal bot.
    """

    name: str
    unit: str
    goal: str = ""
    goal_postgresql: str | None = None
    compared: Literal["ratio", "difference"] | None = "ratio"

    def goal_on(self, engine: str) -> str:
        """Return what it is to reach on an engine."""
        other = engine == "postgresql" and self.goal_postgresql is not None
        return (self.goal_postgresql or "") if other else self.goal


@dataclass(frozen=True)
class Bench:
    """Runs the programs that a row asks for."""

    databases: Databases
    folder: Path
    size: Size

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[DatabaseUrl]:
        """Give a new database until the end of the block."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            async with self.databases.new(Path(name)) as address:
                yield address

    @contextlib.asynccontextmanager
    async def warm(
        self, subject: Subject, *, guilds: int = 1, **settings: str
    ) -> AsyncIterator[tuple[Place, Process]]:
        """Run a program that has answered some commands already, with a database of its own."""
        async with (
            self.database() as address,
            place(guilds) as there,
            self.run(subject, there, address, **settings) as process,
        ):
            await warm_up(there)
            yield there, process

    @contextlib.asynccontextmanager
    async def run(
        self, subject: Subject, there: Place, address: DatabaseUrl, **settings: str
    ) -> AsyncIterator[Process]:
        """Run a program until the end of the block."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            async with running(subject, there, Path(name), address, **settings) as process:
                yield process


async def warm_up(there: Place) -> None:
    """Let some commands be answered."""
    await there.load(WARMING, per_second=50.0)


@dataclass(frozen=True)
class Row:
    """Figures that are measured together; `measure` returns them by name, once for a subject."""

    name: str
    figures: tuple[Figure, ...]
    measure: Callable[[Bench, Subject], Awaitable[Mapping[str, float]]]
    subjects: tuple[Subject, ...] = tuple(Subject)
