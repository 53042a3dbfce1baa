"""Statements that the database rejects for a while, for a reason that nobody foresaw."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot.outbox import NoteState
from bot.sandbox.sonoran import SonoranServer
from bot.storage import Database, StorageUnavailableError
from tests import database as databases
from tests.outbox import workers
from tests.outbox.workers import Worker, eventually, stored, working

engine = databases.engine
address = databases.address
database = databases.database
cad = workers.cad
session = workers.session

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
        marks.add(added, logged=True)
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
