"""Looking back at a guild's notes, and counting what was delivered to a call."""

from __future__ import annotations

import pytest

from bot.outbox import NoteHistory, NoteState, OutboxRepository
from bot.outbox.ledger import explained
from bot.outbox.matching import Explained, fingerprint
from bot.storage import Database
from tests.cases import case
from tests.outbox.parts import repository_of
from tests.outbox.workers import LABEL, WAYS, in_state, new_note

OWN = fingerprint(LABEL, "some note here")


@pytest.fixture
def store(database: Database) -> OutboxRepository:
    return repository_of(database, "one")


@pytest.fixture
def history(store: OutboxRepository, database: Database) -> NoteHistory:
    return NoteHistory(database, store.rows, kept=True)


async def counts(database: Database, call: int = 123) -> Explained:
    """Return what another note equal to those of the test would be judged by."""
    store = repository_of(database, "one")
    other = await in_state(store, NoteState.RECEIVED, call=call, member=99, guild=99)
    await store.discard(other.id)
    return (await explained(database, other)).get(OWN, Explained())


async def test_the_history_has_the_newest_first_and_goes_back_in_pages(
    store: OutboxRepository, history: NoteHistory
) -> None:
    made = [await in_state(store, NoteState.QUEUED, f"note {n}") for n in range(7)]
    seen = []
    before = None
    while page := await history.latest(1, before=before, limit=3):
        assert len(page) <= 3
        seen += page
        before = page[-1].position
    assert seen == made[::-1]


async def test_the_history_is_of_one_guild_and_filtered_by_call_and_member(
    store: OutboxRepository, history: NoteHistory
) -> None:
    one = await in_state(store, NoteState.ADDED, call=123, member=7)
    two = await in_state(store, NoteState.ADDED, call=124, member=7)
    three = await in_state(store, NoteState.ADDED, call=123, member=8)
    await in_state(store, NoteState.ADDED, call=123, member=7, guild=2)
    assert await history.latest(1, limit=9) == [three, two, one]
    assert await history.latest(1, call_id=123, limit=9) == [three, one]
    assert await history.latest(1, member_id=7, limit=9) == [two, one]
    assert await history.latest(1, call_id=123, member_id=7, limit=9) == [one]
    assert await history.latest(3, limit=9) == []


async def test_the_history_has_every_note_that_was_acknowledged_and_no_other(
    store: OutboxRepository, history: NoteHistory
) -> None:
    for number, state in enumerate(WAYS):
        await in_state(store, state, f"{state}", call=number + 1)
    held, _ = await store.accept(new_note("queued", call=2), waiting_limit=1000)
    assert held.state is NoteState.HELD
    shown = {record.state for record in await history.latest(1, limit=100)}
    assert shown == set(WAYS) - {NoteState.RECEIVED}


async def test_nothing_is_counted_as_delivered_that_the_cad_did_not_confirm(
    store: OutboxRepository, database: Database
) -> None:
    for call, state in enumerate(WAYS, start=1):
        with case(state):
            await in_state(store, state, call=call)
            uncertain = 1 if state in (NoteState.SENDING, NoteState.UNCONFIRMED) else 0
            expected = Explained(int(state is NoteState.ADDED), uncertain)
            assert await counts(database, call) == expected


async def test_equal_notes_that_were_added_are_counted_together(
    store: OutboxRepository, database: Database
) -> None:
    for member in (1, 2, 3):
        await in_state(store, NoteState.ADDED, member=member)
    await in_state(store, NoteState.ADDED, "another note")
    await in_state(store, NoteState.ADDED, call=124)
    assert await counts(database) == Explained(3, 0)


async def test_a_note_that_is_found_counts_as_added_and_no_longer_as_uncertain(
    store: OutboxRepository, database: Database
) -> None:
    checking = await in_state(store, NoteState.CHECKING)
    assert checking.unconfirmed_sends == 1
    found = await store.transition(checking, NoteState.ADDED)
    assert found.unconfirmed_sends == 0
    assert await counts(database) == Explained(1, 0)


async def test_a_note_that_is_looked_for_again_is_not_counted_twice(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.UNCONFIRMED)
    for _ in range(3):
        assert await counts(database) == Explained(0, 1)
        record = await store.transition(record, NoteState.CHECKING)
        assert record.unconfirmed_sends == 1
        assert await counts(database) == Explained(0, 0)
        record = await store.transition(record, NoteState.UNCONFIRMED)
    record = await store.transition(record, NoteState.CHECKING)
    await store.transition(record, NoteState.ADDED)
    assert await counts(database) == Explained(1, 0)


async def test_what_was_not_there_counts_for_nothing(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.UNCONFIRMED)
    record = await store.transition(record, NoteState.CHECKING)
    record = await store.transition(record, NoteState.QUEUED)
    assert record.unconfirmed_sends == 0
    assert await counts(database) == Explained(0, 0)


async def test_the_first_send_stays_uncertain_when_a_note_is_sent_again(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.UNCONFIRMED)
    record = await store.transition(record, NoteState.QUEUED)
    assert await counts(database) == Explained(0, 1)
    record = await store.transition(record, NoteState.SENDING)
    assert await counts(database) == Explained(0, 2)
    record = await store.transition(record, NoteState.CHECKING)
    assert record.unconfirmed_sends == 2
    record = await store.transition(record, NoteState.UNCONFIRMED)
    assert await counts(database) == Explained(0, 2)


async def test_a_note_sent_again_does_not_forget_that_its_first_send_may_be_there(
    store: OutboxRepository, database: Database
) -> None:
    for call, end in enumerate((NoteState.CANCELLED, NoteState.FAILED), start=1):
        with case(end):
            record = await in_state(store, NoteState.UNCONFIRMED, call=call)
            record = await store.transition(record, NoteState.QUEUED)
            record = await store.transition(record, end)
            assert record.unconfirmed_sends == 1
            assert await counts(database, call) == Explained(0, 1)


async def test_a_note_that_is_cancelled_in_doubt_stays_uncertain(
    store: OutboxRepository, database: Database
) -> None:
    for call, doubt in enumerate((NoteState.CHECKING, NoteState.UNCONFIRMED), start=1):
        with case(doubt):
            record = await in_state(store, doubt, call=call)
            await store.transition(record, NoteState.CANCELLED)
            assert await counts(database, call) == Explained(0, 1)


async def test_a_note_does_not_count_against_itself(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.SENDING)
    assert await explained(database, record) == {}
    assert await explained(database, await store.transition(record, NoteState.CHECKING)) == {}


async def test_what_another_process_looks_for_may_be_there_for_all_that_is_known(
    database: Database,
) -> None:
    mine = await in_state(repository_of(database, "one"), NoteState.UNCONFIRMED, member=8)
    await in_state(repository_of(database, "two"), NoteState.CHECKING)
    mine = await repository_of(database, "one").transition(mine, NoteState.CHECKING)
    assert await explained(database, mine) == {OWN: Explained(0, 1)}
