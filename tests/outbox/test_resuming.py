"""The buttons: calling a note back, and taking one up again that was given up."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.outbox import (
    JournalFullError,
    JournalStore,
    MovedOnError,
    NoteRecord,
    NoteState,
    TooOldError,
)
from bot.outbox.states import ForbiddenMoveError
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseAddress, StorageError
from tests import database as databases
from tests.database import opened
from tests.gate import Gate
from tests.outbox import workers
from tests.outbox.workers import (
    LABEL,
    WAYS,
    Office,
    eventually,
    in_state,
    shift,
    stored,
    with_limits,
    working,
)

engine = databases.engine
address = databases.address
database = databases.database
behind_gate = databases.behind_gate
cad = workers.cad
session = workers.session

GONE = "a process that is gone"


async def resume(office: Office, record: NoteRecord, target: NoteState) -> NoteRecord:
    return await office.delivery.resume(record, target, (record.id + 2, "new-token"))


async def test_a_failed_note_that_is_tried_again_is_added(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.FAILED)
    async with working(Office(database, cad, session)) as office:
        queued = await resume(office, record, NoteState.QUEUED)
        assert (queued.message_id, queued.token) == (record.id + 2, "new-token")
        await office.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("there", [False, True])
async def test_an_unconfirmed_note_that_is_looked_for_again_is_added_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, there: bool
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.UNCONFIRMED)
    if there:
        cad.add_note(123, record.note.text, label=LABEL)
    async with working(Office(database, cad, session)) as office:
        await resume(office, record, NoteState.CHECKING)
        await office.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_an_unconfirmed_note_that_is_sent_again_is_sent_whatever_is_there(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.UNCONFIRMED)
    cad.add_note(123, record.note.text, label=LABEL)
    async with working(Office(database, cad, session)) as office:
        await resume(office, record, NoteState.QUEUED)
        await office.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 2


@pytest.mark.parametrize("refused", [True, False])
async def test_a_note_in_doubt_whose_second_send_adds_nothing_stays_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, refused: bool
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.UNCONFIRMED)
    cad.faults.add(Fault(on="note", status=404 if refused else 429, body="{}", times=None))
    limits = with_limits(give_up_seconds=30.0 if refused else 1.0)
    async with working(Office(database, cad, session, limits)) as office:
        queued = await resume(office, record, NoteState.QUEUED)
        ended = await office.became(queued, NoteState.UNCONFIRMED)
    assert ended.uncertain == 1
    cad.faults.clear()
    cad.add_note(123, record.note.text, label=LABEL)
    async with working(Office(database, cad, session)) as office:
        await resume(office, ended, NoteState.CHECKING)
        await office.became(ended, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("first", [False, True])
async def test_when_the_second_send_is_in_doubt_too_a_copy_of_either_proves_that_the_note_is_there(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    first: bool,
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.UNCONFIRMED)
    if first:
        cad.add_note(123, record.note.text, label=LABEL)
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    async with working(Office(database, cad, session)) as office:
        await resume(office, record, NoteState.QUEUED)
        await office.became(record, NoteState.CHECKING)
        await office.became(record, NoteState.ADDED)
    assert len(cad.note_requests) == 1


async def test_a_note_can_be_taken_up_once_however_often_the_button_is_pressed(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(JournalStore(database, GONE), NoteState.FAILED)
    async with working(Office(database, cad, session)) as office:
        presses = await asyncio.gather(
            *(resume(office, record, NoteState.QUEUED) for _ in range(5)), return_exceptions=True
        )
        await office.became(record, NoteState.ADDED)
    assert all(isinstance(each, NoteRecord | MovedOnError) for each in presses)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("target", [NoteState.QUEUED, NoteState.CHECKING])
async def test_no_note_is_taken_up_again_beyond_the_waiting_limit(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, target: NoteState
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    record = await in_state(JournalStore(database, GONE), NoteState.UNCONFIRMED)
    async with working(Office(database, cad, session, with_limits(waiting_notes=1))) as office:
        first = await office.note("first")
        with pytest.raises(JournalFullError):
            await resume(office, record, target)
        now = await office.delivery.store.get(record.id)
        assert now is not None
        assert (now.state, now.revision) == (record.state, record.revision)
        cad.faults.clear()
        await office.became(first, NoteState.ADDED)
        await resume(office, record, target)
        await office.became(record, NoteState.ADDED)
    assert sorted(stored(cad)) == ["first", "some note here"]


@pytest.mark.parametrize(
    ("state", "target"),
    [
        (NoteState.FAILED, NoteState.QUEUED),
        (NoteState.UNCONFIRMED, NoteState.QUEUED),
        (NoteState.UNCONFIRMED, NoteState.CHECKING),
    ],
)
async def test_a_note_is_not_taken_up_again_after_a_day_but_can_be_called_back(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    state: NoteState,
    target: NoteState,
) -> None:
    office = Office(database, cad, session)
    record = await in_state(JournalStore(database, GONE), state)
    await shift(database, 86_399.0, "updated_at")
    kept = await office.delivery.store.get(record.id)
    assert kept is not None
    await shift(database, 2.0, "updated_at")
    with pytest.raises(TooOldError):
        await resume(office, kept, target)
    now = await office.delivery.store.get(record.id)
    assert now is not None
    assert (now.state, now.revision) == (record.state, record.revision)
    if state is NoteState.UNCONFIRMED:
        assert (await office.delivery.cancel(now)).state is NoteState.CANCELLED
    else:
        await shift(database, -60.0, "updated_at")
        assert (await resume(office, now, target)).state is target


@pytest.mark.parametrize("state", WAYS)
async def test_a_note_is_cancelled_where_that_keeps_it_out_or_leaves_it_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    allowed = (NoteState.QUEUED, NoteState.CHECKING, NoteState.UNCONFIRMED)
    office = Office(database, cad, session)
    record = await in_state(office.delivery.store, state)
    if state in allowed:
        assert (await office.delivery.cancel(record)).state is NoteState.CANCELLED
        assert [each.state for each in office.told] == [NoteState.CANCELLED]
    else:
        with pytest.raises(ForbiddenMoveError):
            await office.delivery.cancel(record)
    async with working(office):
        last = await office.note("last")
        if state in allowed or state.final:
            await office.became(last, NoteState.ADDED)
    assert "some note here" not in stored(cad)


async def test_a_cancelled_note_lets_those_behind_it_go(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    async with working(
        Office(database, cad, session, with_limits(call_reads_per_minute=1))
    ) as office:
        first = await office.note("first")
        doubtful = await office.became(first, NoteState.CHECKING)
        second = await office.note("second")
        await office.delivery.cancel(doubtful)
        await office.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]


@pytest.mark.parametrize(
    ("state", "target", "end"),
    [
        (NoteState.FAILED, NoteState.QUEUED, NoteState.ADDED),
        (NoteState.UNCONFIRMED, NoteState.CHECKING, NoteState.ADDED),
        (NoteState.UNCONFIRMED, NoteState.CANCELLED, NoteState.CANCELLED),
    ],
)
async def test_a_buttons_move_that_was_made_unconfirmed_is_noticed(
    behind_gate: tuple[DatabaseAddress, Gate],
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
        office = Office(database, cad, session)
        store = office.delivery.store
        record = await in_state(store, state)
        async with working(office):
            await gate.refuse()
            cancels = target is NoteState.CANCELLED
            press = office.delivery.cancel(record) if cancels else resume(office, record, target)
            with pytest.raises(StorageError):
                await press
            await gate.let_pass()
            await until_moved(store, record, target)
            await office.became(record, end)
            behind = await office.note("behind")
            await office.became(behind, NoteState.ADDED)


async def until_moved(store: JournalStore, record: NoteRecord, target: NoteState) -> None:
    while True:
        try:
            await store.move(record, target, message=(record.id + 2, "new-token"))
        except StorageError:
            continue
        return


async def test_a_note_of_one_process_is_cancelled_by_another_and_told_by_that(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    one, two = Office(database, cad, session), Office(database, cad, session)
    async with working(one):
        first = await one.note("first", call=124)
        record = await one.note()
        await one.became(record, NoteState.QUEUED)
        queued = await one.delivery.store.get(record.id)
        assert queued is not None
        await two.delivery.cancel(queued)
        assert [each.state for each in two.told] == [NoteState.CANCELLED]
        cad.faults.clear()
        await one.became(first, NoteState.ADDED)
        await eventually(lambda: len(one.delivery) == 0)
    assert stored(cad) == []
