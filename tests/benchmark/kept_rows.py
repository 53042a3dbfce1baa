"""The rows about a database in which much is kept, or much is left to do."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.outbox.cleanup import Cleanup
from bot.outbox.history import NoteHistory
from bot.outbox.rows import row_reader
from bot.sandbox.sonoran import Fault
from bot.timing import Timing
from tests.benchmark.figures import Bench, Figure, Row, Size, warm_up
from tests.benchmark.kept_notes import KEPT_DAYS, MEMBER, fill, forget_processes
from tests.benchmark.load_rows import PER_SECOND, milliseconds
from tests.benchmark.place import CALLS, Place, place, quantile
from tests.benchmark.processes import Subject
from tests.database import opened

TIMES = 10
"""How often a single act is repeated; the figure is the median of them."""

OLD_PART = 0.1  # of the kept notes, that are to be deleted
SENT_SECONDS = 30.0
"""How long a new process may take to send what an earlier one left."""

BATCH = 100  # commands at once that are left unfinished

_CALLNOTE = (Subject.CALLNOTE,)


async def _kept(bench: Bench, subject: Subject) -> Mapping[str, float]:
    figures = {}
    for count in bench.size.kept:
        async with bench.database() as address, place() as there:
            await fill(address, there, count)
            async with bench.run(subject, there, address) as process:
                await warm_up(there)
                before = process.cpu
                samples = await there.load(bench.size.paced, per_second=PER_SECOND)
                figures[_kept_name(count, "acknowledged p50")] = quantile(
                    milliseconds(samples)[0], 0.5
                )
                figures[_kept_name(count, "CPU")] = (process.cpu - before) / len(samples) * 1000
    fewest, most = min(bench.size.kept), max(bench.size.kept)
    for what in ("acknowledged p50", "CPU"):
        ratio = figures[_kept_name(most, what)] / figures[_kept_name(fewest, what)]
        figures[f"kept: {what}, most to fewest"] = ratio
    return figures


def _kept_name(count: int, what: str) -> str:
    return f"{count:,} kept: {what}"


async def _open(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.database() as address, place() as there:
        there.cad.faults.add(Fault(times=None, status=429, headers={"Retry-After": "1"}))
        async with bench.run(subject, there, address):
            for _ in range(0, bench.size.open, BATCH):
                await there.load(min(BATCH, bench.size.open), answers=False)
            await asyncio.sleep(1.0)  # until all are queued
        there.cad.faults.clear()
        await forget_processes(address)
        async with bench.run(subject, there, address) as process:
            since = time.monotonic() - process.started_at
            (sample,) = await there.load(1, answers=False)
            figures = {
                "open notes: start, acknowledged": since + (sample.acknowledged or float("nan"))
            }
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SENT_SECONDS):
                    while _stored(there) < bench.size.open:  # noqa: ASYNC110 - nobody announces it
                        await asyncio.sleep(0.02)
                figures["open notes: start, all sent"] = time.monotonic() - process.started_at
            return figures


def _stored(there: Place) -> int:
    return sum(len(there.cad.notes(call + 1)) for call in range(CALLS))


async def _history(bench: Bench, subject: Subject) -> Mapping[str, float]:
    """Time what looks at many rows: by itself, in Discord, and what notes have of it meanwhile."""
    async with bench.database() as address, place() as there:
        await fill(address, there, bench.size.old, old_part=OLD_PART)
        figures = {}
        async with opened(address) as database:
            latest = partial(NoteHistory(database, row_reader(), kept=True).latest, limit=10)
            cleanup = Cleanup(database, KEPT_DAYS * 86_400.0, (), Timing())
            guild = there.guild.id
            for name, act in {
                "history page": lambda: latest(guild),
                "history page of a call": lambda: latest(guild, call_id=1),
                "history page of a member": lambda: latest(guild, member_id=MEMBER),
                "deleting a batch": cleanup.purge,
                "deleting tokens": cleanup.delete_tokens,
            }.items():
                figures[name] = await _median(act)
        for name, days in (("without deleting", 3650), ("while deleting", KEPT_DAYS)):
            async with bench.run(subject, there, address, HISTORY_DAYS=str(days)):
                await warm_up(there)
                samples = await there.load(bench.size.paced, per_second=PER_SECOND)
                acknowledged, _ = milliseconds(samples)
                figures[f"acknowledged p50 {name}"] = quantile(acknowledged, 0.5)
                figures[f"acknowledged at most {name}"] = max(acknowledged)
                if days != KEPT_DAYS:
                    figures["history in Discord"] = await _median(lambda: _look_back(there))
        return figures


async def _look_back(there: Place) -> None:
    interaction = await there.discord.use_command(
        there.admin, there.channel, "callnote-config history"
    )
    await asyncio.wait_for(interaction.answered(), 10.0)


async def _median(act: Callable[[], Awaitable[object]]) -> float:
    """Return the median of how long something takes, in milliseconds."""
    times = []
    for _ in range(TIMES):
        began = time.monotonic()
        await act()
        times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)


def kept_rows(size: Size) -> tuple[Row, ...]:
    """Return the rows: `kept` finished notes, `open` ones at a start, and `history`."""

    def absolute(name: str, unit: str, goal: str = "") -> Figure:
        return Figure(name, unit, goal, compared=None)

    kept = [
        absolute(_kept_name(count, what), unit)
        for count in size.kept
        for what, unit in (("acknowledged p50", "ms"), ("CPU", "s / 1,000 notes"))
    ]
    return (
        Row(
            "kept",
            (
                *kept,
                absolute("kept: acknowledged p50, most to fewest", "x", "<= 1.2"),
                absolute("kept: CPU, most to fewest", "x", "<= 1.2"),
            ),
            _kept,
            _CALLNOTE,
        ),
        Row(
            "open",
            (
                absolute("open notes: start, acknowledged", "s", "<= 2"),
                absolute("open notes: start, all sent", "s"),
            ),
            _open,
            _CALLNOTE,
        ),
        Row(
            "history",
            (
                absolute("history page", "ms", "<= 50"),
                absolute("history page of a call", "ms", "<= 50"),
                absolute("history page of a member", "ms", "<= 50"),
                absolute("history in Discord", "ms"),
                absolute("deleting a batch", "ms", "<= 50"),
                absolute("deleting tokens", "ms", "<= 50"),
                absolute("acknowledged p50 without deleting", "ms"),
                absolute("acknowledged p50 while deleting", "ms", "the same"),
                absolute("acknowledged at most without deleting", "ms"),
                absolute("acknowledged at most while deleting", "ms", "the same"),
            ),
            _history,
            _CALLNOTE,
        ),
    )
