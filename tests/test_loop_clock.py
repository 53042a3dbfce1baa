"""In the tests, a busy machine decides nothing: no time passes while it lets nothing go on."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from bot.timing import loop_time
from tests.loop_clock import SPEED, TURN, Loop, idle, let_pass, rest


class Machine:
    """Has the real clock, on which time passes only where something is waited for in vain."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float | None] = []
        self.found: list[list[Any]] = []
        """What the next waits find; nothing any more once it is empty."""

    def select(self, timeout: float | None = None) -> list[Any]:
        self.waits.append(timeout)
        found = self.found.pop(0) if self.found else []
        self.now += 0.0 if found or timeout is None else timeout
        return found


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(selectors.DefaultSelector, "select", machine.select)
    return machine


@pytest.fixture
def loop(machine: Machine) -> Iterator[Loop]:
    with closing(Loop(lambda: machine.now)) as loop:
        yield loop


def test_what_the_machine_holds_up_is_not_late(machine: Machine, loop: Loop) -> None:
    before = loop.time()
    machine.now += 600.0
    assert loop.time() == pytest.approx(before + TURN)
    machine.now += TURN / 2
    assert loop.time() == pytest.approx(before + TURN * 1.5)


def test_a_timer_that_nothing_comes_before_is_waited_for_a_part_of_its_time(
    machine: Machine, loop: Loop
) -> None:
    before = loop.time()
    assert loop._own_selector.select(1.0) == []
    assert machine.waits == [1.0 / SPEED, 0]
    assert loop.time() == pytest.approx(before + 1.0)


@pytest.mark.parametrize("found", [[["answer"]], [[], ["answer"]]], ids=["in time", "held up"])
def test_what_comes_before_a_timer_skips_no_time(
    machine: Machine, loop: Loop, found: list[list[Any]]
) -> None:
    machine.found = [*found]
    before = loop.time()
    assert loop._own_selector.select(1.0) == found[-1]
    assert loop.time() <= before + 1.0 / SPEED


@pytest.mark.parametrize("why", ["a thread is at work", "a process was started"])
def test_a_timer_takes_its_full_time_while(machine: Machine, loop: Loop, why: str) -> None:
    work = loop.create_future()
    if why == "a thread is at work":
        loop.await_thread(work)
    else:
        loop._own_selector.speed = 1
    before = loop.time()
    assert loop._own_selector.select(1.0) == []
    assert machine.waits == [TURN]
    assert loop.time() == pytest.approx(before + TURN)


def test_without_a_timer_no_time_is_skipped(machine: Machine, loop: Loop) -> None:
    before = loop.time()
    for timeout in (None, 0):
        assert loop._own_selector.select(timeout) == []
    assert machine.waits == [None, 0]
    assert loop.time() == before


async def test_what_is_due_happens_while_time_passes_at_once_and_nothing_else() -> None:
    happened: list[int] = []
    for seconds in (10, 30):
        asyncio.get_running_loop().call_later(seconds, happened.append, seconds)
    await let_pass(9.0)
    assert happened == []
    await let_pass(2.0)
    assert happened == [10]


async def test_time_passes_only_once_threads_have_done_their_work_unless_they_are_stuck() -> None:
    go = threading.Event()
    work = asyncio.create_task(asyncio.to_thread(go.wait))
    await idle()
    resting = asyncio.create_task(rest())
    passing = asyncio.create_task(let_pass(3600.0))
    before = loop_time()
    try:
        await let_pass(60.0, stuck=True)
        assert before + 60.0 <= loop_time() < before + 3600.0
        assert not any(each.done() for each in (work, resting, passing))
    finally:
        go.set()
    await asyncio.gather(work, resting, passing)
    assert loop_time() >= before + 3660.0
