"""The button with which a note is called back."""

from __future__ import annotations

import aiohttp
import pytest

from bot.outbox import NoteState
from bot.outbox.states import InvalidTransitionError
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.cases import case
from tests.outbox.workers import (
    WAYS,
    Worker,
    eventually,
    in_state,
    on_sqlite,
    stored,
    with_limits,
    working,
)


async def test_a_note_is_cancelled_where_that_keeps_it_out_or_leaves_it_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    allowed = (NoteState.QUEUED, NoteState.CHECKING, NoteState.UNCONFIRMED)
    worker = Worker(database, cad, session)
    calls = {state: call for call, state in enumerate(WAYS, start=1)}
    for state, call in calls.items():
        with case(state):
            cad.add_call(call)
            record = await in_state(worker.outbox.store, state, call=call)
            worker.told.clear()
            if state in allowed:
                cancelled = await worker.outbox.member_actions.cancel(record)
                assert cancelled.state is NoteState.CANCELLED
                assert [each.state for each in worker.told] == [NoteState.CANCELLED]
            else:
                with pytest.raises(InvalidTransitionError):
                    await worker.outbox.member_actions.cancel(record)
    async with working(worker):
        last = {state: await worker.note("last", call) for state, call in calls.items()}
        for state, note in last.items():
            if state in allowed or state.final:
                with case(state):
                    await worker.became(note, NoteState.ADDED)
    for state, call in calls.items():
        if state is not NoteState.SENDING:  # which is looked for, and sent again
            with case(state):
                assert "some note here" not in stored(cad, call)


@on_sqlite
async def test_a_cancelled_note_lets_those_behind_it_go(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    async with working(
        Worker(database, cad, session, with_limits(call_reads_per_minute=1))
    ) as worker:
        first = await worker.note("first")
        doubtful = await worker.became(first, NoteState.CHECKING)
        second = await worker.note("second")
        await worker.outbox.member_actions.cancel(doubtful)
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_note_of_one_process_is_cancelled_by_another_and_told_by_that(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    one, two = Worker(database, cad, session), Worker(database, cad, session)
    async with working(one):
        first = await one.note("first", call=124)
        record = await one.note()
        await one.became(record, NoteState.QUEUED)
        queued = await one.outbox.store.get(record.id)
        assert queued is not None
        await two.outbox.member_actions.cancel(queued)
        assert [each.state for each in two.told] == [NoteState.CANCELLED]
        cad.faults.clear()
        await one.became(first, NoteState.ADDED)
        await eventually(lambda: one.outbox.waiting_count == 0)
    assert stored(cad) == []
