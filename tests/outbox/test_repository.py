"""The outbox's rows: storing notes and their transitions, and reading them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.outbox import (
    DuplicateInteractionError,
    NewNote,
    NoteState,
    OutboxFullError,
    OutboxRepository,
    ShareUsedError,
    StaleRevisionError,
)
from bot.outbox.acceptance import BEFORE_ACCEPTING, REPEAT_SECONDS
from bot.outbox.transition_statement import transition_statement
from bot.storage import CompiledStatement, Database
from tests.cases import case
from tests.outbox.parts import repository_of
from tests.outbox.workers import WAYS, in_state, new_note, shift


@pytest.fixture
def store(database: Database) -> OutboxRepository:
    return repository_of(database, "one")


async def test_an_accepted_note_is_received_as_it_was_given(store: OutboxRepository) -> None:
    new = new_note("some note\nhere 🚓")
    record, ago = await store.accept(new, waiting_limit=10)
    assert ago is None
    assert (record.state, record.revision, record.owner) == (NoteState.RECEIVED, 1, "one")
    assert (record.id, record.note, record.token) == (new.id, new.note, "interaction-token")
    assert await store.get(new.id) == record


async def test_an_interaction_has_one_row_whoever_gets_it(
    store: OutboxRepository, database: Database
) -> None:
    new = new_note()
    record, _ = await store.accept(new, waiting_limit=10)
    for owner in ("one", "two"):
        with pytest.raises(DuplicateInteractionError):
            await repository_of(database, owner).accept(new, waiting_limit=10)
    assert await store.get(new.id) == record


async def test_of_many_that_write_one_interaction_down_at_once_only_one_does(
    database: Database,
) -> None:
    new = new_note()
    results = await asyncio.gather(
        *(repository_of(database, f"{n}").accept(new, waiting_limit=10) for n in range(8)),
        return_exceptions=True,
    )
    refused = [each for each in results if isinstance(each, BaseException)]
    assert [type(each) for each in refused] == [DuplicateInteractionError] * 7


async def test_the_limit_counts_waiting_notes_of_all_owners_and_no_others(
    store: OutboxRepository, database: Database
) -> None:
    for number, state in enumerate(WAYS):
        await in_state(store, state, f"{state}", call=number + 1, guild=number + 10)
    waiting = sum(state.waiting for state in NoteState)
    other = repository_of(database, "two")
    with pytest.raises(OutboxFullError) as refusal:
        await other.accept(new_note("more"), waiting_limit=waiting)
    assert refusal.value.limit == waiting
    await other.accept(new_note("more"), waiting_limit=waiting + 1)


async def test_many_accepted_at_once_never_exceed_the_limit(database: Database) -> None:
    results = await asyncio.gather(
        *(
            repository_of(database, f"{n}").accept(new_note(f"{n}", guild=n), waiting_limit=5)
            for n in range(12)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, OutboxFullError) for each in results) == 7


async def accepted_of(store: OutboxRepository, limit: int, *, guild: int, member: int) -> int:
    """Accept notes of a member until no more are; returns how many."""
    for count in range(limit + 1):
        new = new_note(f"{guild} {member} {count}", guild=guild, member=member)
        try:
            await store.accept(new, waiting_limit=limit)
        except ShareUsedError:
            return count
    raise AssertionError


async def test_every_guild_and_every_member_in_it_has_a_share_of_what_is_left(
    store: OutboxRepository,
) -> None:
    members = [await accepted_of(store, 40, guild=1, member=n) for n in range(4)]
    assert members[0] == 11
    assert all(members)
    assert 16 <= sum(members) <= 21
    assert await accepted_of(store, 40, guild=2, member=1) >= 4
    assert await accepted_of(store, 40, guild=3, member=1) >= 2


async def test_held_repetitions_count_among_those_that_wait(store: OutboxRepository) -> None:
    await store.accept(new_note(), waiting_limit=4)
    for _ in range(2):
        held, _ = await store.accept(new_note(), waiting_limit=8)
        assert held.state is NoteState.HELD
    with pytest.raises(ShareUsedError):
        await store.accept(new_note("another"), waiting_limit=4)
    with pytest.raises(OutboxFullError):
        await store.accept(new_note("another", guild=2), waiting_limit=3)
    await store.accept(new_note("another", guild=2), waiting_limit=4)


async def test_a_held_note_makes_room_for_itself(store: OutboxRepository) -> None:
    await store.accept(new_note(), waiting_limit=2)
    held, _ = await store.accept(new_note(), waiting_limit=2)
    record, _ = await store.accept(new_note(), waiting_limit=2, instead_of=held.id)
    assert record.state is NoteState.RECEIVED


async def test_a_repeated_note_is_held_exactly_while_the_other_may_be_in_the_cad(
    store: OutboxRepository,
) -> None:
    for call, state in enumerate(WAYS, start=1):
        with case(state):
            await in_state(store, state, call=call)
            again = new_note("some  note\nhere", call=call)
            record, ago = await store.accept(again, waiting_limit=1000)
            if state in (NoteState.REFUSED, NoteState.FAILED, NoteState.CANCELLED):
                assert (record.state, ago) == (NoteState.RECEIVED, None)
            else:
                assert record.state is NoteState.HELD
                assert ago is not None
                assert 0 <= ago <= REPEAT_SECONDS


async def test_a_note_of_before_the_clock_was_set_back_is_not_repeated(
    database: Database, store: OutboxRepository
) -> None:
    await store.accept(new_note(), waiting_limit=9)
    await shift(database, -3600, "accepted_at", "updated_at", "round_started_at")
    record, ago = await store.accept(new_note(), waiting_limit=9)
    assert (record.state, ago) == (NoteState.RECEIVED, None)


async def test_a_note_that_differs_is_no_repetition(store: OutboxRepository) -> None:
    await in_state(store, NoteState.ADDED)
    others = {
        "text": new_note("another note"),
        "call": new_note(call=124),
        "member": new_note(member=8),
        "guild": new_note(guild=2),
    }
    for name, other in others.items():
        with case(name):
            record, ago = await store.accept(other, waiting_limit=10)
            assert (record.state, ago) == (NoteState.RECEIVED, None)


async def test_the_same_note_after_a_minute_is_no_repetition(
    store: OutboxRepository, database: Database
) -> None:
    await in_state(store, NoteState.ADDED)
    await shift(database, REPEAT_SECONDS + 1, "accepted_at")
    record, _ = await store.accept(new_note(), waiting_limit=10)
    assert record.state is NoteState.RECEIVED


def of_message(note: NewNote, source: int | None = 55) -> NewNote:
    return replace(note, source_id=source)


async def test_a_note_of_the_same_message_for_the_call_is_held_whoever_sends_it_and_when(
    store: OutboxRepository, database: Database
) -> None:
    first, _ = await store.accept(of_message(new_note()), waiting_limit=10)
    assert first.source_id == 55
    await shift(database, 30 * 86_400.0, "accepted_at")
    held, ago = await store.accept(
        of_message(new_note("in other words", member=8)), waiting_limit=10
    )
    assert (held.state, held.source_id) == (NoteState.HELD, 55)
    assert ago is not None
    assert ago > 86_400.0
    assert await store.get(held.id) == held
    meant, _ = await store.accept(of_message(new_note("x")), waiting_limit=10, instead_of=held.id)
    assert meant.state is NoteState.RECEIVED


async def test_a_note_of_another_message_or_place_is_no_repetition(
    store: OutboxRepository,
) -> None:
    await store.accept(of_message(new_note()), waiting_limit=10)
    others = {
        "message": of_message(new_note("of another message"), 56),
        "typed": of_message(new_note("typed"), None),
        "call": of_message(new_note(call=124)),
        "guild": of_message(new_note(guild=2)),
        "community": of_message(new_note(community="other")),
    }
    for name, other in others.items():
        with case(name):
            record, ago = await store.accept(other, waiting_limit=10)
            assert (record.state, ago) == (NoteState.RECEIVED, None)


async def test_a_held_note_is_taken_once_when_it_is_meant(store: OutboxRepository) -> None:
    await in_state(store, NoteState.ADDED)
    held, _ = await store.accept(new_note(), waiting_limit=10)
    meant, ago = await store.accept(new_note(), waiting_limit=10, instead_of=held.id)
    assert (meant.state, ago) == (NoteState.RECEIVED, None)
    assert await store.get(held.id) is None
    with pytest.raises(StaleRevisionError):
        await store.accept(new_note(), waiting_limit=10, instead_of=held.id)


async def test_only_a_held_note_can_be_replaced(store: OutboxRepository) -> None:
    added = await in_state(store, NoteState.ADDED)
    with pytest.raises(StaleRevisionError):
        await store.accept(new_note("other"), waiting_limit=10, instead_of=added.id)
    assert await store.get(added.id) == added


async def test_only_a_note_that_was_not_acknowledged_can_be_discarded(
    store: OutboxRepository,
) -> None:
    for call, state in enumerate(WAYS, start=1):
        with case(state):
            record = await in_state(store, state, call=call)
            await store.discard(record.id)
            assert (await store.get(record.id) is None) == (state is NoteState.RECEIVED)


async def test_no_secret_and_no_text_of_a_member_is_in_a_records_repr(
    store: OutboxRepository,
) -> None:
    new = new_note("distinctive words")
    record, _ = await store.accept(new, waiting_limit=10)
    queued = await store.transition(record, NoteState.QUEUED)
    sending = await store.transition(queued, NoteState.SENDING)
    added = await store.transition(
        sending, NoteState.ADDED, answer="NOTE 'distinctive words' added"
    )
    for shown in (repr(new), repr(record), repr(added), repr(StaleRevisionError(added))):
        assert "interaction-token" not in shown
        assert "distinctive" not in shown
        assert "Dana" not in shown
        assert "dana" not in shown


async def test_a_process_discards_no_note_that_another_one_stored(
    database: Database,
) -> None:
    ours, theirs = repository_of(database, "ours"), repository_of(database, "theirs")
    record, _ = await ours.accept(new_note(), waiting_limit=10)
    await theirs.discard(record.id)
    assert await ours.get(record.id) == record


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_each_note_asks_for_is_found_by_an_index_of_few_rows(
    database: Database,
) -> None:
    """Otherwise a note would take longer, the more notes of its call or member are kept."""
    sending = transition_statement(NoteState.QUEUED, NoteState.SENDING, (), any_owner=False)
    plans = await database.run(lambda c: [plan(c, each) for each in (BEFORE_ACCEPTING, sending)])
    assert "notes_repetition (fingerprint=? AND accepted_at>?" in plans[0]
    assert "notes_waiting (community=? AND server_id=? AND call_id=?" in plans[1]
    assert "notes_waiting (community=?)" in plans[0]  # to count those that wait
    assert "SCAN notes" not in "".join(plans)


def plan(connection: Connection, statement: CompiledStatement) -> str:
    sql, fixed = statement.compiled(connection.dialect)
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", fixed)
    return "\n".join(row.detail for row in rows)
