"""How many notes are taken at once."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.outbox.admission import FEW, FIRST_ESTIMATE, Admission
from bot.outbox.errors import TooBusyError


async def test_sends_wait_only_while_many_notes_are_taken() -> None:
    admission = Admission(2.0)
    with contextlib.ExitStack() as many:
        for _ in range(FEW):
            many.enter_context(admission.admit())
        assert admission.calm.is_set()
        with admission.admit():
            assert not admission.calm.is_set()
        assert admission.calm.is_set()


async def test_a_note_that_would_come_too_late_is_not_taken_and_counts_for_nothing() -> None:
    admission = Admission(FIRST_ESTIMATE)
    with admission.admit():
        for _ in range(2):
            with pytest.raises(TooBusyError), admission.admit():
                raise AssertionError("it was admitted")
    with admission.admit():
        pass


async def test_more_notes_are_taken_where_each_takes_less_time() -> None:
    admission = Admission(100 * FIRST_ESTIMATE)
    waiting = [contextlib.ExitStack() for _ in range(100)]
    for each in waiting:
        each.enter_context(admission.admit())
    with pytest.raises(TooBusyError), admission.admit():
        pass
    for each in waiting[1:]:  # which takes no time at all
        each.close()
    with waiting[0], contextlib.ExitStack() as many:
        for _ in range(100):
            many.enter_context(admission.admit())


async def test_a_slow_moment_is_forgotten_when_nothing_is_left() -> None:
    admission = Admission(20 * FIRST_ESTIMATE)
    waiting = [contextlib.ExitStack() for _ in range(FEW + 5)]
    for each in waiting:
        each.enter_context(admission.admit())
    await asyncio.sleep(1.0)  # as when the database stalls
    for each in waiting:
        each.close()
    with contextlib.ExitStack() as many:
        for _ in range(20):
            many.enter_context(admission.admit())
