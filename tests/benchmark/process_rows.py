"""The rows about a process as such: its start, its memory, and what it does when nothing comes."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping

from tests.benchmark.figures import Bench, Figure, Row, Size
from tests.benchmark.place import place, quantile
from tests.benchmark.processes import Subject

QUIET_SECONDS = 1.0
"""How long a process is left alone after its last command, so that it has done all about it."""

DISK_WRITES = 100

BATCH = 500  # commands, after which the memory is looked at

_BOTS = (Subject.MINIMAL, Subject.CALLNOTE)


async def _disk(bench: Bench, subject: Subject) -> Mapping[str, float]:
    """Time what a committed transaction waits for: a few pages that are made to last."""

    def write() -> list[float]:
        times = []
        with tempfile.NamedTemporaryFile(dir=bench.folder, buffering=0) as file:
            for _ in range(DISK_WRITES):
                file.write(b"x" * 3 * 4096)
                began = time.monotonic()
                os.fsync(file.fileno())
                times.append((time.monotonic() - began) * 1000)
        return times

    times = await asyncio.to_thread(write)
    return {"disk: sync p50": quantile(times, 0.5), "disk: sync p99": quantile(times, 0.99)}


async def _start(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with (
        bench.database() as address,
        place() as there,
        bench.run(subject, there, address) as process,
    ):
        since = time.monotonic() - process.started_at
        (sample,) = await there.load(1)
        return {
            "start: connected": since,
            "start: acknowledged": since + (sample.acknowledged or float("nan")),
            "start: answered": since + (sample.answered or float("nan")),
        }


async def _idle(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (_, process):
        await asyncio.sleep(bench.size.quiet)  # usually until old rows were looked for
        before, began = process.cpu, time.monotonic()
        await asyncio.sleep(bench.size.idle)
        return {"idle CPU": (process.cpu - before) / (time.monotonic() - began) * 100}


async def _memory(bench: Bench, subject: Subject) -> Mapping[str, float]:
    figures = {}
    for guilds in bench.size.guilds:
        async with bench.warm(subject, guilds=guilds) as (there, process):
            await asyncio.sleep(QUIET_SECONDS)
            figures[_guilds(guilds)] = process.resident
            before, began = process.cpu, time.monotonic()
            await asyncio.sleep(bench.size.idle)
            figures[_idle_at(guilds)] = (process.cpu - before) / (time.monotonic() - began) * 100
            if guilds > min(bench.size.guilds):
                continue
            resident = []
            for _ in range(max(2, bench.size.notes // BATCH)):
                await there.load(min(BATCH, bench.size.notes // 2), per_second=100.0)
                await asyncio.sleep(QUIET_SECONDS)
                resident.append(process.resident)
            figures[_GROWTH] = resident[-1] - resident[0]
    return figures


_GROWTH = "memory: growth"


def _guilds(guilds: int) -> str:
    return f"memory: {guilds:,} guilds"


def _idle_at(guilds: int) -> str:
    return f"idle CPU: {guilds:,} guilds"


def process_rows(size: Size) -> tuple[Row, ...]:
    """Return the rows; `start` is of a process that has done nothing yet.

    `disk` is the machine's part in every promise: how long it takes until something written lasts.
    """
    start = (
        Figure("start: connected", "s", compared="ratio"),
        Figure("start: acknowledged", "s", "<= 2 x"),
        Figure("start: answered", "s", "<= 2 x"),
    )
    memory = (
        *(Figure(_guilds(n), "MB", "<= + 35 MB", compared="difference") for n in size.guilds),
        *(Figure(_idle_at(n), "%", compared=None) for n in size.guilds),
        Figure(_GROWTH, f"MB over {size.notes:,} notes", "flat", compared=None),
    )
    disk = tuple(Figure(f"disk: sync {part}", "ms", compared=None) for part in ("p50", "p99"))
    return (
        Row("disk", disk, _disk, (Subject.FLOOR,)),
        Row("start", start, _start),
        Row("idle", (Figure("idle CPU", "%", "<= 0.2 %", "", compared=None),), _idle, _BOTS),
        Row("memory", memory, _memory, _BOTS),
    )
