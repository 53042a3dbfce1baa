"""The rows about live calls: how soon what is typed is answered with those that match."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from tests.benchmark.figures import Bench, Figure, Row, Size
from tests.benchmark.place import Place, quantile
from tests.benchmark.processes import Subject

TYPED = ("", "1", "42", "vine", "robery mirr", "10-5", "stop", "grove st")
"""What people type into the option, one after the other."""

_TITLES = ("Traffic stop", "Robbery", "Vehicle pursuit", "Burglary alarm", "Shots fired", "Fire")
_STREETS = ("Vinewood Blvd", "Example Ave", "Route 9", "Elm Street", "Mirror Park", "Grove Street")
_DESCRIPTION = "Caller reports a masked person near the entrance who left in a dark car"


def call_rows(size: Size) -> tuple[Row, ...]:
    """Return the rows; the minimal bot has no suggestions, and so tells what an empty answer costs.

    Callnote has read the calls before.
    """
    figures = tuple(
        Figure(_named(count), "ms", "<= 1.5 x" if count <= 500 else "") for count in size.calls
    )
    return (Row("suggestions", figures, _suggestions, (Subject.MINIMAL, Subject.CALLNOTE)),)


async def _suggestions(bench: Bench, subject: Subject) -> Mapping[str, float]:
    found = {}
    for count in bench.size.calls:
        async with bench.warm(subject) as (there, _):
            _let_be(there, count)
            await _times(there, len(TYPED))
            found[_named(count)] = quantile(await _times(there, bench.size.paced), 0.5)
    return found


async def _times(there: Place, count: int) -> list[float]:
    """Let people type that often, and return in milliseconds when each was answered."""
    times = []
    for number in range(count):
        typed = TYPED[number % len(TYPED)]
        member = there.members[number % len(there.members)]
        began = time.monotonic()
        await there.discord.autocomplete(
            member, there.channel, "callnote", {"call": typed}, focused="call"
        )
        times.append((time.monotonic() - began) * 1000)
    return times


def _let_be(there: Place, count: int) -> None:
    """Let the CAD have so many live calls, the same ones each time."""
    drawn = random.Random(count)  # noqa: S311 - these are only examples
    there.cad.calls.clear()
    for number in range(1, count + 1):
        there.cad.add_call(
            number,
            title=drawn.choice(_TITLES),
            code=f"10-{drawn.randint(1, 99)}",
            address=f"{drawn.randint(1, 9999)} {drawn.choice(_STREETS)}",
            postal=str(drawn.randint(1, 999)),
            description=f"{_DESCRIPTION} {number}",
            priority=drawn.randint(1, 3),
        )


def _named(count: int) -> str:
    return f"suggestions p50, {count:,} calls"
