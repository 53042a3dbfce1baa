"""The buttons that take up again a note which was given up."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.outbox import (
    NoteRecord,
    NoteState,
    OutboxFullError,
    OutboxRepository,
    StaleRevisionError,
    TooOldError,
)
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseUrl, StorageError
from tests.database import opened
from tests.gate import Gate
from tests.outbox.parts import repository_of
from tests.outbox.workers import (
    LABEL,
    Worker,
    eventually,
    in_state,
    on_sqlite,
    shift,
    stored,
    with_limits,
    working,
)

GONE = "a process that is gone"


async def resume(worker: Worker, record: NoteRecord, target: NoteState) -> NoteRecord:
    return await worker.outbox.member_actions.resume(record, target, (record.id + 2, "new-token"))


@on_sqlite
@pytest.mark.parametrize("there", [False, True])
async def test_an_unconfirmed_note_that_is_looked_for_again_is_added_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, there: bool
) -> None:
    record = await in_state(repository_of(database, GONE), NoteState.UNCONFIRMED)
    if there:
        cad.add_note(123, record.note.text, label=LABEL)
    async with working(Worker(database, cad, session)) as worker:
        await resume(worker, record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@on_sqlite
async def test_an_unconfirmed_note_that_is_sent_again_is_sent_whatever_is_there(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(repository_of(database, GONE), NoteState.UNCONFIRMED)
    cad.add_note(123, record.note.text, label=LABEL)
    async with working(Worker(database, cad, session)) as worker:
        await resume(worker, record, NoteState.QUEUED)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 2


@on_sqlite
@pytest.mark.parametrize("refused", [True, False])
async def test_a_note_in_doubt_whose_second_send_adds_nothing_stays_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, refused: bool
) -> None:
    record = await in_state(repository_of(database, GONE), NoteState.UNCONFIRMED)
    cad.faults.add(Fault(on="note", status=404 if refused else 429, body="{}", times=None))
    limits = with_limits(give_up_seconds=30.0 if refused else 1.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        queued = await resume(worker, record, NoteState.QUEUED)
        ended = await worker.became(queued, NoteState.UNCONFIRMED)
    assert ended.unconfirmed_sends == 1
    cad.faults.clear()
    cad.add_note(123, record.note.text, label=LABEL)
    async with working(Worker(database, cad, session)) as worker:
        await resume(worker, ended, NoteState.CHECKING)
        await worker.became(ended, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@on_sqlite
@pytest.mark.parametrize("first", [False, True])
async def test_when_the_second_send_is_in_doubt_too_a_copy_of_either_proves_that_the_note_is_there(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    first: bool,
) -> None:
    record = await in_state(repository_of(database, GONE), NoteState.UNCONFIRMED)
    if first:
        cad.add_note(123, record.note.text, label=LABEL)
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        await resume(worker, record, NoteState.QUEUED)
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert len(cad.note_requests) == 1


async def test_a_failed_note_is_tried_again_once_however_often_the_button_is_pressed(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(repository_of(database, GONE), NoteState.FAILED)
    async with working(Worker(database, cad, session)) as worker:
        presses = await asyncio.gather(
            *(resume(worker, record, NoteState.QUEUED) for _ in range(5)), return_exceptions=True
        )
        await worker.became(record, NoteState.ADDED)
    queued = [each for each in presses if isinstance(each, NoteRecord)]
    assert {(each.message_id, each.token) for each in queued} == {(record.id + 2, "new-token")}
    assert all(isinstance(each, NoteRecord | StaleRevisionError) for each in presses)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize(
    ("engine", "target"),
    [("sqlite", NoteState.CHECKING), ("postgresql", NoteState.QUEUED)],
    indirect=["engine"],
)
async def test_no_note_is_taken_up_again_beyond_the_waiting_limit(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, target: NoteState
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    record = await in_state(repository_of(database, GONE), NoteState.UNCONFIRMED)
    async with working(Worker(database, cad, session, with_limits(waiting_limit=1))) as worker:
        first = await worker.note("first")
        with pytest.raises(OutboxFullError):
            await resume(worker, record, target)
        now = await worker.outbox.store.get(record.id)
        assert now is not None
        assert (now.state, now.revision) == (record.state, record.revision)
        cad.faults.clear()
        await worker.became(first, NoteState.ADDED)
        await resume(worker, record, target)
        await worker.became(record, NoteState.ADDED)
    assert sorted(stored(cad)) == ["first", "some note here"]


@pytest.mark.parametrize(
    ("engine", "state", "target"),
    [
        ("sqlite", NoteState.FAILED, NoteState.QUEUED),
        ("sqlite", NoteState.UNCONFIRMED, NoteState.QUEUED),
        ("postgresql", NoteState.UNCONFIRMED, NoteState.CHECKING),
    ],
    indirect=["engine"],
)
async def test_a_note_is_not_taken_up_again_after_a_day_but_can_be_called_back(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    state: NoteState,
    target: NoteState,
) -> None:
    worker = Worker(database, cad, session)
    record = await in_state(repository_of(database, GONE), state)
    await shift(database, 86_399.0, "updated_at")
    kept = await worker.outbox.store.get(record.id)
    assert kept is not None
    await shift(database, 2.0, "updated_at")
    with pytest.raises(TooOldError):
        await resume(worker, kept, target)
    now = await worker.outbox.store.get(record.id)
    assert now is not None
    assert (now.state, now.revision) == (record.state, record.revision)
    if state is NoteState.UNCONFIRMED:
        assert (await worker.outbox.member_actions.cancel(now)).state is NoteState.CANCELLED
    else:
        await shift(database, -60.0, "updated_at")
        assert (await resume(worker, now, target)).state is target


@pytest.mark.parametrize(
    ("state", "target", "end"),
    [
        (NoteState.FAILED, NoteState.QUEUED, NoteState.ADDED),
        (NoteState.UNCONFIRMED, NoteState.CANCELLED, NoteState.CANCELLED),
    ],
)
async def test_a_members_action_that_was_stored_unconfirmed_is_noticed(
    behind_gate: tuple[DatabaseUrl, Gate],
    request: pytest.FixtureRequest,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    state: NoteState,
    target: NoteState,
    end: NoteState,
) -> None:
    """The database takes the move only after it was given up, as a slow commit may be."""
    address, gate = behind_gate
    async with opened(address) as database:
        worker = Worker(database, cad, session)
        store = worker.outbox.store
        record = await in_state(store, state)
        async with working(worker):
            await gate.refuse()
            cancels = target is NoteState.CANCELLED
            cancel = worker.outbox.member_actions.cancel
            action = cancel(record) if cancels else resume(worker, record, target)
            with pytest.raises(StorageError):
                await action
            await gate.let_pass()
            await until_moved(store, record, target)
            await worker.became(record, end)
            behind = await worker.note("behind")
            await worker.became(behind, NoteState.ADDED)


@on_sqlite
@pytest.mark.parametrize("target", [NoteState.QUEUED, NoteState.CANCELLED])
async def test_a_members_action_that_a_slow_disk_took_after_all_counts(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, target: NoteState
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    limits = with_limits(give_up_seconds=1000.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        store, actions = worker.outbox.store, worker.outbox.member_actions
        if target is NoteState.CANCELLED:
            record = await worker.became(await worker.note(), NoteState.QUEUED)
            action = asyncio.create_task(actions.cancel(record))
        else:
            record = await in_state(store, NoteState.FAILED)
            action = asyncio.create_task(resume(worker, record, target))
        await asyncio.sleep(0)
        action.cancel()
        with pytest.raises(asyncio.CancelledError):
            await action
        await store.member_transition(record, target, None, waiting_limit=9)
        await worker.became(record, target)
        if target is NoteState.CANCELLED:
            await eventually(lambda: worker.outbox.waiting_count == 0)
        cad.faults.clear()
        behind = await worker.note("behind")
        await worker.became(behind, NoteState.ADDED)
        if target is NoteState.QUEUED:
            await worker.became(record, NoteState.ADDED)


async def until_moved(store: OutboxRepository, record: NoteRecord, target: NoteState) -> None:
    while True:
        try:
            await store.member_transition(
                record, target, (record.id + 2, "new-token"), waiting_limit=9
            )
        except StorageError:
            continue
        return
