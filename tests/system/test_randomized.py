"""Notes, faults, kills and restarts at random: every promise is kept, and a broken one is noticed.

This is the short form; `tests.randomized` tells how to do the long one, with the results that it
should have. That the run can fail is shown with two builds, each broken in one place by
`tests.system.broken_build`: one sends a note before it stores that it does, so that a kill in
between makes the next process send it again; the other sends a note without an answer again
without reading the call list. In both the CAD gets notes twice, and the run says so, here soon
after the first of them; with counts:

    python -m tests.randomized --notes 150 --kills 10 --command "tests.system.broken_build FAULT"
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.storage import DatabaseUrl
from tests import database as databases
from tests.randomized.run import Size, randomized

pytestmark = pytest.mark.long

engine = databases.engine
address = databases.address

SEED = 3  # it finds both broken builds more often than others do, and waits for little in vain
SHORT = Size(notes=60, kills=4, stops=1, outages=0, lapses=0, give_up=30, neighbours=5)
BROKEN = Size(
    notes=150,
    kills=12,
    stops=0,
    outages=0,
    lapses=0,
    give_up=30,
    neighbours=5,
    until_doubled=True,
)


async def test_every_promise_is_kept_whatever_happens(address: DatabaseUrl, tmp_path: Path) -> None:
    result = await randomized(SEED, SHORT, address, tmp_path)
    assert result.verdict.flawless, "\n".join([result.line, *result.histories])
    assert result.verdict.counts["accepted"] >= SHORT.notes
    assert result.verdict.counts["added"] > SHORT.notes / 2


@pytest.mark.parametrize("fault", ["send_before_write", "retry_without_reading"])
async def test_a_broken_build_is_found_out(fault: str, tmp_path: Path) -> None:
    address = databases.make_file(databases.file_in(tmp_path))
    result = await randomized(1, BROKEN, address, tmp_path, "tests.system.broken_build", fault)
    assert result.verdict.offences["doubled"]
