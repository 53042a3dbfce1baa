"""The rows about commands that come: how soon each is acknowledged and answered, and its cost."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmark.figures import Bench, Figure, Row
from tests.benchmark.place import Sample, quantile
from tests.benchmark.processes import Subject

PER_SECOND = 20.0
SLOW_CAD = 0.15  # seconds
CPU_PER_SECOND = 100.0


async def _paced(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (there, _):
        discord, cad = len(there.discord.requests), len(there.cad.requests)
        samples = await there.load(bench.size.paced, per_second=PER_SECOND)
        acknowledged, answered = milliseconds(samples)
        count = len(samples)
        return {
            "acknowledged p50": quantile(acknowledged, 0.5),
            "acknowledged p99": quantile(acknowledged, 0.99),
            "answered p50": quantile(answered, 0.5),
            "Discord requests": (len(there.discord.requests) - discord) / count,
            "CAD requests": (len(there.cad.requests) - cad) / count,
        }


async def _slow_cad(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (there, _):
        there.delay_cad(SLOW_CAD)
        samples = await there.load(bench.size.paced, per_second=PER_SECOND)
        _, answered = milliseconds(samples)
        return {"answered p50, slow CAD": quantile(answered, 0.5) - SLOW_CAD * 1000}


async def _at_once(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (there, _):
        samples = await there.load(bench.size.at_once)
        acknowledged, answered = milliseconds(samples)
        return {
            "at once: acknowledged p99": quantile(acknowledged, 0.99),
            "at once: all answered": max(answered, default=float("nan")),
            "at once: not answered": len(samples) - len(answered),
            "at once: made within": there.spread * 1000,
        }


async def _flood(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (there, _):
        samples = await there.load(bench.size.flood, answers=False)
        return {
            "flood: missed": sum(s.acknowledged is None for s in samples),
            "flood: made within": there.spread * 1000,
            "flood: refused": sum(s.refused for s in samples),
            "flood: last response": max(milliseconds(samples)[0], default=float("nan")),
        }


async def _cpu(bench: Bench, subject: Subject) -> Mapping[str, float]:
    async with bench.warm(subject) as (there, process):
        before = process.cpu
        samples = await there.load(bench.size.cpu, per_second=CPU_PER_SECOND)
        return {"CPU": (process.cpu - before) / len(samples) * 1000}


def milliseconds(samples: list[Sample]) -> tuple[list[float], list[float]]:
    """Return when the samples were acknowledged and answered, of those that were."""
    acknowledged = [s.acknowledged * 1000 for s in samples if s.acknowledged is not None]
    answered = [s.answered * 1000 for s in samples if s.answered is not None]
    return acknowledged, answered


LOAD_ROWS = (
    Row(
        "paced",
        (
            Figure("acknowledged p50", "ms", "<= 1.25 x", "<= 1.75 x"),
            Figure("acknowledged p99", "ms", "<= 1.25 x", "<= 1.75 x"),
            Figure("answered p50", "ms", "<= 2 x"),
            Figure("Discord requests", "a note", "2", compared=None),
            Figure("CAD requests", "a note", "1", compared=None),
        ),
        _paced,
    ),
    Row("slow-cad", (Figure("answered p50, slow CAD", "ms", "<= 2 x"),), _slow_cad),
    Row(
        "at-once",
        (
            Figure("at once: acknowledged p99", "ms", "<= 1.25 x"),
            Figure("at once: all answered", "ms", "<= 2.5 x"),
            Figure("at once: not answered", "commands", "0", compared=None),
            Figure("at once: made within", "ms", compared=None),
        ),
        _at_once,
    ),
    Row(
        "flood",
        (
            Figure("flood: missed", "commands", "0", compared=None),
            Figure("flood: refused", "commands", compared=None),
            Figure("flood: last response", "ms", "< 3000", compared=None),
            Figure("flood: made within", "ms", compared=None),
        ),
        _flood,
    ),
    Row("cpu", (Figure("CPU", "s / 1,000 notes", "<= 1.75 x", ""),), _cpu),
)
"""At 20 commands a second: `paced` with a CAD that answers at once and `slow-cad` with one that
takes 150 ms, which are taken off. All at once: `at-once` and `flood`, which tell
of Callnote only where the floor misses nothing. At 100 a second: `cpu`."""
