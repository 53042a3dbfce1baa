"""Moving notes on: who may, when, in which order, and how often it counts."""

from __future__ import annotations

import asyncio

import pytest

from bot.outbox import NoteState, OutboxRepository, StaleRevisionError, failure_of
from bot.outbox.errors import OutOfOrderError
from bot.outbox.ledger import explained
from bot.outbox.shown_marks import Mark, store_marks
from bot.outbox.states import RECEIVED_SECONDS, TRANSITIONS, InvalidTransitionError
from bot.sonoran import OutcomeUnknownError, Reason, RefusedError
from bot.storage import Database
from tests.cases import case
from tests.outbox.parts import repository_of
from tests.outbox.workers import WAYS, in_state, new_note, shift


@pytest.fixture
def store(database: Database) -> OutboxRepository:
    return repository_of(database, "one")


async def test_a_transition_that_the_states_do_not_have_changes_nothing(
    store: OutboxRepository,
) -> None:
    for call, state in enumerate(WAYS, start=1):
        record = await in_state(store, state, call=call)
        for target in set(NoteState) - TRANSITIONS[state]:
            with case((state, target)), pytest.raises(InvalidTransitionError):
                await store.transition(record, target)
        assert await store.get(record.id) == record


async def test_a_transition_made_again_counts_as_made_unless_the_note_could_be_sent_twice_by_it(
    store: OutboxRepository,
) -> None:
    arrows = [(state, target) for state in WAYS for target in sorted(TRANSITIONS[state])]
    for call, (state, target) in enumerate(arrows, start=1):
        with case((state, target)):
            record = await in_state(store, state, call=call)
            moved = await store.transition(record, target)
            assert (moved.state, moved.revision) == (target, record.revision + 1)
            assert await store.get(record.id) == moved
            if target is NoteState.SENDING:
                with pytest.raises(StaleRevisionError) as refusal:
                    await store.transition(record, target)
                assert refusal.value.record == moved
            else:
                assert await store.transition(record, target) == moved
            assert await store.get(record.id) == moved


async def test_a_transition_made_again_counts_no_delivery_twice(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.SENDING)
    for _ in range(3):
        await store.transition(record, NoteState.ADDED)
    (counts,) = (await explained(database, record)).values()
    assert (counts.confirmed, counts.unconfirmed) == (1, 0)


async def test_an_old_revision_changes_nothing(store: OutboxRepository) -> None:
    record = await in_state(store, NoteState.QUEUED)
    sending = await store.transition(record, NoteState.SENDING)
    again = await store.transition(sending, NoteState.QUEUED)
    with pytest.raises(StaleRevisionError) as refusal:
        await store.transition(record, NoteState.SENDING)
    assert refusal.value.record == again


async def test_another_owners_note_is_not_moved_unless_it_is_taken(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.QUEUED)
    other = repository_of(database, "two")
    with pytest.raises(StaleRevisionError) as refusal:
        await other.transition(record, NoteState.CANCELLED)
    assert refusal.value.record == record
    taken = await other.member_transition(record, NoteState.CANCELLED, None, waiting_limit=9)
    assert (taken.state, taken.owner) == (NoteState.CANCELLED, "two")
    with pytest.raises(StaleRevisionError):
        await store.transition(record, NoteState.SENDING)


async def test_a_note_that_is_gone_has_moved_on_to_nothing(store: OutboxRepository) -> None:
    record = await in_state(store, NoteState.RECEIVED)
    await store.discard(record.id)
    with pytest.raises(StaleRevisionError) as refusal:
        await store.transition(record, NoteState.QUEUED)
    assert refusal.value.record is None


async def test_of_two_different_transitions_at_once_one_is_made(store: OutboxRepository) -> None:
    record = await in_state(store, NoteState.QUEUED)
    results = await asyncio.gather(
        store.transition(record, NoteState.SENDING),
        store.member_transition(record, NoteState.CANCELLED, None, waiting_limit=9),
        return_exceptions=True,
    )
    assert sum(isinstance(each, StaleRevisionError) for each in results) == 1
    now = await store.get(record.id)
    assert now in results


async def test_a_note_is_not_sent_before_one_ahead_of_it_whoever_has_that(
    store: OutboxRepository, database: Database
) -> None:
    other = repository_of(database, "two")
    waiting = (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING)
    for call, ahead in enumerate(waiting, start=1):
        with case(ahead):
            await in_state(other, ahead, "first", call)
            second = await in_state(store, NoteState.QUEUED, "second", call)
            with pytest.raises(OutOfOrderError):
                await store.transition(second, NoteState.SENDING)
    other_call = await in_state(store, NoteState.QUEUED, "second", call=124)
    await store.transition(other_call, NoteState.SENDING)


async def test_a_note_that_has_ended_holds_nothing_back(store: OutboxRepository) -> None:
    for call, ended in enumerate((state for state in WAYS if state.final), start=1):
        with case(ended):
            await in_state(store, ended, "first", call)
            await in_state(store, NoteState.SENDING, "second", call)


async def test_notes_are_placed_as_they_were_accepted_whichever_is_acknowledged_first(
    store: OutboxRepository,
) -> None:
    first, _ = await store.accept(new_note("first"), waiting_limit=10)
    second, _ = await store.accept(new_note("second"), waiting_limit=10)
    second = await store.transition(second, NoteState.QUEUED)
    with pytest.raises(OutOfOrderError, match="an earlier note for the same call"):
        await store.transition(second, NoteState.SENDING)
    first = await store.transition(first, NoteState.QUEUED)
    assert first.position < second.position
    await store.transition(first, NoteState.SENDING)


async def test_a_note_that_is_not_acknowledged_for_long_holds_nothing_back(
    store: OutboxRepository, database: Database
) -> None:
    await store.accept(new_note("first"), waiting_limit=10)
    second = await in_state(store, NoteState.QUEUED, "second")
    await shift(database, RECEIVED_SECONDS)
    await store.transition(second, NoteState.SENDING)


async def test_a_note_that_was_not_stored_keeps_its_place_and_its_time(
    store: OutboxRepository,
) -> None:
    checking = await in_state(store, NoteState.CHECKING)
    await in_state(store, NoteState.QUEUED, "behind")
    again = await store.transition(checking, NoteState.QUEUED)
    assert (again.position, again.round_started_at) == (
        checking.position,
        checking.round_started_at,
    )
    await store.transition(again, NoteState.SENDING)


async def test_a_note_that_is_sent_again_goes_behind_the_others_with_time_anew(
    store: OutboxRepository, database: Database
) -> None:
    for call, given_up in enumerate((NoteState.FAILED, NoteState.UNCONFIRMED), start=1):
        with case(given_up):
            record = await in_state(store, given_up, call=call)
            await shift(database, 1000)
            behind = await in_state(store, NoteState.QUEUED, "behind", call)
            again = await store.transition(record, NoteState.QUEUED)
            assert again.position > behind.position
            assert again.round_started_at > record.round_started_at
            with pytest.raises(OutOfOrderError):
                await store.transition(again, NoteState.SENDING)


async def test_what_is_known_of_the_outcome_is_kept(store: OutboxRepository) -> None:
    sending = await in_state(store, NoteState.SENDING)
    cause = OutcomeUnknownError(Reason.SERVER_ERROR, status=502, text="bad\0 \ud83d")
    doubtful = await store.transition(sending, NoteState.CHECKING, failure=failure_of(cause))
    assert doubtful.failure == failure_of(cause)
    refused = await in_state(store, NoteState.SENDING, call=124)
    refused = await store.transition(
        refused, NoteState.REFUSED, failure=failure_of(RefusedError("no such call", status=404))
    )
    assert refused.failure == failure_of(RefusedError("no such call", status=404))


async def test_a_refused_note_goes_to_another_call_behind_its_other_notes(
    store: OutboxRepository,
) -> None:
    sending = await in_state(store, NoteState.SENDING)
    refused = await store.transition(
        sending, NoteState.REFUSED, failure=failure_of(RefusedError("no such call", status=404))
    )
    before = await in_state(store, NoteState.QUEUED, "before", call=124)
    moved = await store.member_transition(
        refused, NoteState.QUEUED, (5, "token"), waiting_limit=9, call_id=124
    )
    assert moved.call == (1, 124)
    assert moved.failure is None
    assert moved.position > before.position
    with pytest.raises(OutOfOrderError):
        await store.transition(moved, NoteState.SENDING)
    again = await store.member_transition(
        refused, NoteState.QUEUED, (5, "token"), waiting_limit=9, call_id=125
    )
    assert again.call == (1, 124)


async def test_an_answer_that_a_database_cannot_store_as_it_is_does_not_stop_the_note(
    store: OutboxRepository,
) -> None:
    sending = await in_state(store, NoteState.SENDING)
    added = await store.transition(sending, NoteState.ADDED, answer="NOTE 'a\0b\ud83d' added")
    assert added.state is NoteState.ADDED
    assert added.answer is not None
    assert added.answer.startswith("NOTE 'a")


async def test_a_mark_for_an_old_revision_changes_nothing(
    store: OutboxRepository, database: Database
) -> None:
    queued = await in_state(store, NoteState.QUEUED)
    sending = await store.transition(queued, NoteState.SENDING)
    await database.run(store_marks, Mark(queued, logged=True, shown=True))
    assert await store.get(queued.id) == sending
    await database.run(store_marks, Mark(sending, logged=False, shown=True))
    now = await store.get(queued.id)
    assert now is not None
    assert (now.shown, now.logged) == (sending.revision, 0)
