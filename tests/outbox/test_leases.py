"""Which process owns which notes."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update

from bot.outbox import NoteRecord, NoteState, StaleRevisionError, schema
from bot.outbox.cleanup import Cleanup
from bot.outbox.leases import Leases
from bot.outbox.shown_marks import Mark, store_marks
from bot.storage import NOW, Database
from bot.timing import Timing
from tests.cases import case
from tests.database import opened
from tests.loop_clock import let_pass
from tests.outbox.parts import leases_of, repository_of
from tests.outbox.workers import WAYS, in_state, new_note, shift
from tests.postgresql import postgresql
from tests.timing import QUICK, QUICK_PROCESS

LEASE = Timing().lease_timeout


async def silent_for(database: Database, owner: str, seconds: float) -> None:
    """Let a process have last said so many seconds ago that it is there."""
    await database.execute(
        update(schema.leases).where(schema.leases.c.id == owner).values(heartbeat_at=NOW - seconds)
    )


async def entered(database: Database, *owners: str) -> list[Leases]:
    """Let processes be there at once, as only PostgreSQL's really are."""
    processes = [leases_of(database, owner) for owner in owners]
    for number, leases in enumerate(processes):
        await (leases.heartbeat() if number and leases.alone else leases.register())
    return processes


async def claimed(
    leases: Leases, limit: int = 100, *, include_own: bool = False
) -> list[NoteRecord]:
    records, _ = await leases.claim_orphans(limit, include_own=include_own, behind=0)
    return records


async def test_a_process_may_say_again_that_it_is_there_when_its_word_was_lost(
    database: Database,
) -> None:
    leases = leases_of(database, "one")
    await leases.register()
    await leases.register()
    found = select(schema.leases.c.id)
    assert await database.run(lambda c: c.execute(found).all()) == [("one",)]


async def test_a_process_finds_its_own_notes_that_are_on_their_way_when_it_asks_for_them(
    database: Database,
) -> None:
    (one,) = await entered(database, "one")
    ids = {
        state: (await in_state(repository_of(database, "one"), state, call=number + 1)).id
        for number, state in enumerate(WAYS)
    }
    assert await claimed(one) == []
    found = await claimed(one, include_own=True)
    assert [each.id for each in found] == [ids[state] for state in WAYS if state.waiting]


async def test_a_process_that_says_so_again_after_long_is_there_from_then_on(
    database: Database,
) -> None:
    leases = leases_of(database, "one")
    await leases.register()
    await silent_for(database, "one", LEASE + 1)
    await leases.register()
    await in_state(repository_of(database, "one"), NoteState.QUEUED)
    two = leases_of(database, "two")
    await two.heartbeat()
    assert await claimed(two) == []


async def test_notes_of_a_process_that_is_there_are_left_alone(database: Database) -> None:
    _, two = await entered(database, "one", "two")
    for number, state in enumerate(WAYS):
        await in_state(repository_of(database, "one"), state, call=number + 1)
    await silent_for(database, "one", LEASE - 10)
    assert await claimed(two) == []


async def test_notes_of_a_process_that_is_silent_or_of_another_clock_are_taken(
    database: Database,
) -> None:
    owners = {f"silent {seconds}": seconds for seconds in (LEASE + 1, -LEASE - 1, -3600, 1e9)}
    *_, two = await entered(database, *owners, "two")
    for call, (owner, silence) in enumerate(owners.items(), start=1):
        with case(owner):
            store = repository_of(database, owner)
            record = await in_state(store, NoteState.QUEUED, call=call)
            await silent_for(database, owner, silence)
            (taken,) = await claimed(two)
            assert (taken.id, taken.revision, taken.owner) == (record.id, record.revision, "two")
            with pytest.raises(StaleRevisionError):
                await store.transition(record, NoteState.SENDING)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("renewed", [False, True])
async def test_a_process_whose_own_lease_was_over_leaves_the_others_time_to_renew_theirs(
    database: Database, renewed: bool
) -> None:
    """As after a failover, which kept all from the database, where every lease is old then."""
    one, two = await entered(database, "one", "two")
    await in_state(repository_of(database, "one"), NoteState.QUEUED)
    for owner in ("one", "two"):
        await silent_for(database, owner, LEASE + 1)
    await two.heartbeat()
    assert await claimed(two) == []
    if renewed:
        await one.heartbeat()
    await let_pass(LEASE)
    assert len(await claimed(two)) == (not renewed)


def test_a_lease_ends_within_thirty_seconds_and_not_between_two_heartbeats() -> None:
    timing = Timing()
    assert timing.lease_timeout + 2 * timing.recovery_interval <= 30
    for each in (timing, QUICK, QUICK_PROCESS):
        assert each.lease_timeout > 2 * (each.heartbeat + each.recovery_interval)
        assert each.lease_timeout > 2 * each.stale_send


async def test_what_is_taken_over_is_unfinished_or_untold_and_in_order(
    database: Database,
) -> None:
    store = repository_of(database, "one")
    made = [await in_state(store, state, call=n + 1) for n, state in enumerate(WAYS)]
    told = await in_state(store, NoteState.ADDED, call=50)
    await database.run(store_marks, Mark(told, logged=True, shown=True))
    await in_state(store, NoteState.ADDED, call=60)
    held, _ = await store.accept(new_note(call=60), waiting_limit=100)
    assert held.state is NoteState.HELD
    (two,) = await entered(database, "two")
    records = await claimed(two)
    assert [each.id for each in records[:-1]] == [each.id for each in made]
    assert records == sorted(records, key=lambda each: each.position)
    assert records[-1].note.call_id == 60
    assert records[-1].state is NoteState.ADDED


async def test_at_most_as_many_as_asked_for_are_taken_the_oldest_first(
    database: Database,
) -> None:
    store = repository_of(database, "one")
    made = [await in_state(store, NoteState.QUEUED, f"{n}") for n in range(5)]
    (two,) = await entered(database, "two")
    first = await claimed(two, 3)
    rest = await claimed(two, 3)
    none = await claimed(two, 3)
    assert [each.id for each in first + rest] == [each.id for each in made]
    assert (len(first), none) == (3, [])


async def test_a_finished_note_that_was_not_told_is_taken_for_a_day(database: Database) -> None:
    store = repository_of(database, "one")
    await in_state(store, NoteState.ADDED)
    waiting = await in_state(store, NoteState.QUEUED, call=124)
    await shift(database, 86_401)
    (two,) = await entered(database, "two")
    records = await claimed(two)
    assert [each.id for each in records] == [waiting.id]


async def test_two_that_take_over_at_once_never_take_the_same_note(
    request: pytest.FixtureRequest,
) -> None:
    async with (
        postgresql(request.config) as address,
        opened(address) as first,
        opened(address) as second,
    ):
        store = repository_of(first, "gone")
        made = {(await in_state(store, NoteState.QUEUED, f"{n}")).id for n in range(24)}
        takers = [leases_of(first, "one"), leases_of(second, "two")]
        for taker in takers:
            await taker.register()
        taken: list[int] = []
        for _ in range(3):
            for records in await asyncio.gather(*(claimed(taker, 5) for taker in takers)):
                taken += [each.id for each in records]
        assert len(taken) == len(set(taken))
        for records in [await claimed(taker) for taker in takers]:
            taken += [each.id for each in records]
        assert sorted(taken) == sorted(made)


async def test_a_process_that_leaves_hands_over_at_once_what_is_unfinished(
    database: Database,
) -> None:
    one, two = await entered(database, "one", "two")
    store = repository_of(database, "one")
    queued = await in_state(store, NoteState.QUEUED)
    told = await in_state(store, NoteState.ADDED, call=124)
    await database.run(store_marks, Mark(told, logged=True, shown=True))
    of_two = await in_state(repository_of(database, "two"), NoteState.QUEUED, call=125)
    await one.release()
    records = await claimed(two)
    assert [each.id for each in records] == [queued.id]
    now = await store.get(of_two.id)
    assert now is not None
    assert now.owner == "two"


async def test_a_process_that_stays_after_it_was_forgotten_is_there_again(
    database: Database,
) -> None:
    one, two = await entered(database, "one", "two")
    await silent_for(database, "one", 90_000)
    await Cleanup(database, 0, (), Timing()).purge()
    await one.heartbeat()
    await in_state(repository_of(database, "one"), NoteState.QUEUED)
    assert await claimed(two) == []
