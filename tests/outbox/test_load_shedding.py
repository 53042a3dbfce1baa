"""How many notes are taken at once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest

from bot.outbox import load_shedding
from bot.outbox.errors import TooBusyError
from bot.outbox.load_shedding import DRIFT, FEW, FIRST_ESTIMATE, LULL, LoadShedder
from tests.loop_clock import Loop, let_pass

NOON = 1_800_000_000.0  # by Discord's clock

ON_TIME = itertools.count(NOON)
"""When commands were used that each come faster than the one before, on any machine."""


async def test_sends_wait_only_while_many_notes_are_taken() -> None:
    shedder = LoadShedder(2.0)
    with contextlib.ExitStack() as many:
        for _ in range(FEW):
            many.enter_context(shedder.admit(next(ON_TIME)))
        assert shedder.calm.is_set()
        with shedder.admit(next(ON_TIME)):
            assert not shedder.calm.is_set()
        assert shedder.calm.is_set()


async def test_a_note_that_would_come_too_late_is_not_taken_and_counts_for_nothing() -> None:
    shedder = LoadShedder(FIRST_ESTIMATE)
    with shedder.admit(next(ON_TIME)):
        for _ in range(2):
            with pytest.raises(TooBusyError), shedder.admit(next(ON_TIME)):
                raise AssertionError("it was admitted")
    with shedder.admit(next(ON_TIME)):
        pass


async def test_more_notes_are_taken_where_each_takes_less_time() -> None:
    shedder = LoadShedder(100 * FIRST_ESTIMATE)
    waiting = [contextlib.ExitStack() for _ in range(100)]
    for each in waiting:
        each.enter_context(shedder.admit(next(ON_TIME)))
    with pytest.raises(TooBusyError), shedder.admit(next(ON_TIME)):
        pass
    for each in waiting[1:]:  # which takes no time at all
        each.close()
    with waiting[0], contextlib.ExitStack() as many:
        for _ in range(100):
            many.enter_context(shedder.admit(next(ON_TIME)))


async def test_a_slow_moment_is_forgotten_when_nothing_is_left() -> None:
    shedder = LoadShedder(20 * FIRST_ESTIMATE)
    waiting = [contextlib.ExitStack() for _ in range(FEW + 5)]
    for each in waiting:
        each.enter_context(shedder.admit(next(ON_TIME)))
    waiting.pop().close()
    await let_pass(1.0)  # as when the database stalls
    for each in waiting:
        each.close()
    with contextlib.ExitStack() as many:
        for _ in range(20):
            many.enter_context(shedder.admit(next(ON_TIME)))


async def test_a_note_that_was_looked_at_too_late_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_shedding, "LULL", 3600.0)  # lest this machine have one
    shedder = LoadShedder(1000.0)
    with shedder.admit(NOON):
        pass
    with pytest.raises(TooBusyError), shedder.admit(NOON - 1000.0):
        pass
    with shedder.admit(NOON):
        pass


async def test_after_a_lull_a_note_is_on_time_whatever_the_clocks_say() -> None:
    shedder = LoadShedder(2.0)
    with shedder.admit(NOON):
        pass
    with shedder.admit(NOON + 3600.0):  # Discord's clock, or this machine's, was set
        pass
    await let_pass(LULL)
    with shedder.admit(NOON):
        pass


async def test_clocks_that_drift_apart_make_no_note_late_however_long_there_is_no_lull() -> None:
    shedder = LoadShedder(2.0)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    pause = 0.9 * LULL
    for number in range(25_000):  # for six hours
        with shedder.admit(NOON + number * pause * (1 - DRIFT / 10)):
            loop.later(pause)


async def test_one_command_from_the_future_makes_others_late_for_a_minute_at_most() -> None:
    """As one of Discord's clocks is ahead of the others."""
    shedder = LoadShedder(1.5)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    with shedder.admit(NOON + 2.0):
        pass
    for number in range(1, 61):  # without a lull
        loop.later(0.9 * LULL)
        with contextlib.suppress(TooBusyError), shedder.admit(NOON + number * 0.9 * LULL):
            pass
    loop.later(0.9 * LULL)
    with shedder.admit(NOON + 61 * 0.9 * LULL):
        pass


async def test_how_long_the_first_of_many_takes_is_not_taken_for_the_pace() -> None:
    shedder = LoadShedder(100 * FIRST_ESTIMATE)
    with shedder.admit(next(ON_TIME)):  # long before them
        pass
    waiting = [contextlib.ExitStack() for _ in range(FEW + 50)]
    for each in waiting:
        each.enter_context(shedder.admit(next(ON_TIME)))
    await let_pass(5.0)
    waiting.pop().close()
    with shedder.admit(next(ON_TIME)):
        pass
