"""Statements that the database rejects for a while, for a reason that nobody foresaw."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot.outbox import HOST, NoteRecord, NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, StorageUnavailableError
from tests.outbox.workers import Worker, eventually, stored, with_limits, working

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def rejecting(real: Callable[..., Awaitable[Any]], times: int) -> Callable[..., Awaitable[Any]]:
    left = times

    async def operation(*args: Any, **options: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise OperationalError("a statement", None, sqlite3.OperationalError("odd"))
        return await real(*args, **options)

    return operation


async def test_a_transition_that_is_rejected_three_times_is_made_all_the_same(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.receive()
        store = worker.outbox.store
        monkeypatch.setattr(store, "transition", rejecting(store.transition, 3))
        await worker.acknowledge(record)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_what_keeps_a_note_from_going_ahead_lets_it_or_another_one_go_ahead_later(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database fails, rejects the statement, or has that the note was just cancelled."""
    probed = asyncio.Event()
    cad.faults.add(Fault(on="note", status=429, body="{}"))
    cad.faults.add(Fault(on="version", applied=True, hold=probed))
    odd = OperationalError("a statement", None, sqlite3.OperationalError("odd"))
    happenings: list[Exception | None] = [StorageUnavailableError("no answer"), odd, None]
    async with working(Worker(database, cad, session)) as worker:
        store, breaker = worker.outbox.store, worker.outbox.deliveries.of(HOST).breaker
        transition = store.transition

        async def disturbed(record: NoteRecord, target: NoteState, **options: Any) -> NoteRecord:
            if target is NoteState.SENDING and happenings:
                assert breaker.last_failure is not None
                if (happening := happenings.pop(0)) is not None:
                    raise happening
                await worker.outbox.member_actions.cancel(record)
            return await transition(record, target, **options)

        for call in (123, 124):
            await worker.became(await worker.note(call=call), NoteState.QUEUED)
        monkeypatch.setattr(store, "transition", disturbed)
        probed.set()
        await worker.until(lambda told: told[-1].state is NoteState.ADDED)
        assert NoteState.CANCELLED in {each.state for each in worker.told}
        assert breaker.last_failure is None
    assert happenings == []
    assert len(stored(cad, 123)) + len(stored(cad, 124)) == 1


async def test_a_note_that_is_rejected_as_it_goes_ahead_does_not_keep_others_waiting(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing can be stored of it, be it sent or queued."""
    cad.faults.add(Fault(on="note", abort="before"))
    limits = with_limits(settle_seconds=600.0)  # so that the first one is not queued
    async with working(Worker(database, cad, session, limits)) as worker:
        await worker.became(await worker.note(), NoteState.CHECKING)
        breaker = worker.outbox.deliveries.of(HOST).breaker
        await eventually(lambda: breaker.allows_request)
        store, odd = worker.outbox.store, await worker.receive("odd", 124)
        transition, rejected = store.transition, rejecting(store.transition, 1_000_000)
        odd_ids = {odd.id}

        async def chosen(record: NoteRecord, *args: Any, **options: Any) -> Any:
            one = rejected if record.id in odd_ids else transition
            return await one(record, *args, **options)

        monkeypatch.setattr(store, "transition", chosen)
        await worker.acknowledge(odd)
        try:
            await worker.became(await worker.note("another", 125), NoteState.ADDED)
        finally:
            odd_ids.clear()
        await worker.became(odd, NoteState.ADDED)
    assert stored(cad, 124) == ["odd"]


async def test_marks_that_were_rejected_are_stored_later_without_further_news(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with working(Worker(database, cad, session, begin_anew=0.05)) as worker:
        added = await worker.became(await worker.note(), NoteState.ADDED)
        marks = worker.outbox.marks
        flush = rejecting(marks.flush, 1)
        monkeypatch.setattr(marks, "flush", flush)
        marks.add(added, logged=True, shown=True)
        await eventually(lambda: not marks)


async def test_notes_are_handed_over_although_their_marks_cannot_be_stored(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def flush() -> None:
        raise StorageUnavailableError("no room")

    worker = Worker(database, cad, session)
    worker.start()
    record = await worker.became(await worker.note(), NoteState.ADDED)
    monkeypatch.setattr(worker.outbox.marks, "flush", flush)
    await worker.stop()
    now = await worker.outbox.store.get(record.id)
    assert now is not None
    assert now.owner is None
