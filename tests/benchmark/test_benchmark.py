"""The benchmark can be run; what it measures is not judged."""

from __future__ import annotations

import pytest

from tests import fork_server
from tests.benchmark import processes
from tests.benchmark.__main__ import measured
from tests.benchmark.processes import Subject

pytestmark = pytest.mark.long


async def test_a_tiny_run_has_a_figure_of_every_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", fork_server.fork)  # quicker, and so not to be measured
    report = await measured("sqlite", "tiny", rounds=1, only=["start"])
    figures = report.json()["figures"]
    assert [figure["name"] for figure in figures] == [
        "start: connected",
        "start: acknowledged",
        "start: answered",
    ]
    for figure in figures:
        assert set(figure["values"]) == set(Subject)
        assert f"| {figure['name']} " in report.table()
