"""How fast notes follow each other, and whose note is next."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from bot.outbox import Limits, NoteRecord, NoteState
from bot.outbox.rate_limit import RateLimiter
from bot.outbox.scheduler import FairScheduler
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.sonoran import CallNote
from bot.timing import loop_time
from tests.loop_clock import let_pass
from tests.note_records import record
from tests.outbox.parts import new_queue


def permitted(rate_limiter: RateLimiter) -> int:
    """Take all permits that there are now; returns how many there were."""
    count = 0
    while rate_limiter.try_acquire():
        count += 1
    return count


async def test_after_a_quiet_time_as_many_as_the_burst_go_at_once_and_then_one_by_one() -> None:
    rate_limiter = RateLimiter(4, 2)
    assert permitted(rate_limiter) == 2
    await let_pass(20)
    assert permitted(rate_limiter) == 1
    await let_pass(1000)
    assert permitted(rate_limiter) == 2


async def test_what_was_used_of_the_last_minute_is_known() -> None:
    rate_limiter = RateLimiter(60, 10)
    assert rate_limiter.used == 0
    for count in range(1, 4):
        assert rate_limiter.try_acquire()
        assert rate_limiter.used == count
    await let_pass(60)
    assert rate_limiter.used == 0


def test_half_of_what_the_key_allows_is_left_to_others() -> None:
    assert Limits().notes_per_minute == 30


async def test_a_burst_above_the_limit_is_no_more_than_the_limit() -> None:
    assert permitted(RateLimiter(5, 100)) == 5


async def test_no_window_of_a_minute_has_more_than_the_limit() -> None:
    rate_limiter = RateLimiter(600, 595)
    count = permitted(rate_limiter)
    await let_pass(10)  # refilled evenly and no more, it would let 695 through
    assert count + permitted(rate_limiter) == 600


async def test_who_waits_goes_on_when_one_more_may_go() -> None:
    rate_limiter = RateLimiter(1, 1)
    await rate_limiter.free()
    assert rate_limiter.try_acquire()
    waiting = asyncio.create_task(rate_limiter.free())
    await let_pass(30)
    assert not waiting.done()
    await let_pass(30)
    await waiting
    assert permitted(rate_limiter) == 1


def queued(position: int, *, guild: int = 1, member: int = 1, call: int = 0) -> NoteRecord:
    return record(
        position=position,
        guild_id=guild,
        member_id=member,
        note=CallNote(1, call or position, "text", "label"),
        id=position,
    )


def served(waiting: list[NoteRecord], order: FairScheduler | None = None) -> list[NoteRecord]:
    """Serve all of the waiting notes; returns them in the order in which they were."""
    order = order or FairScheduler()
    left, went = list(waiting), []
    while (chosen := order.next(left)) is not None:
        order.record_turn(chosen)
        left.remove(chosen)
        went.append(chosen)
    return went


def test_nobody_is_next_when_nobody_waits() -> None:
    assert FairScheduler().next([]) is None


def test_the_notes_of_one_member_go_as_they_came() -> None:
    notes = [queued(n) for n in range(1, 20)]
    random.Random(1).shuffle(notes)  # noqa: S311
    assert [each.position for each in served(notes)] == list(range(1, 20))


def test_one_who_sends_a_hundred_delays_another_guild_by_one_note() -> None:
    order = FairScheduler()
    many = [queued(n) for n in range(1, 101)]
    for each in served(many[:50], order):
        assert each.guild_id == 1
    went = served([*many[50:], queued(200, guild=2)], order)
    assert went.index(queued(200, guild=2)) <= 1


def test_one_who_sends_a_hundred_delays_another_member_by_one_note() -> None:
    order = FairScheduler()
    many = [queued(n) for n in range(1, 101)]
    served(many[:50], order)
    went = served([*many[50:], queued(200, member=2)], order)
    assert went.index(queued(200, member=2)) <= 1


def test_guilds_take_turns_however_many_members_each_has() -> None:
    crowded = [queued(n, guild=1, member=n) for n in range(1, 31)]
    lonely = [queued(n, guild=2) for n in range(101, 111)]
    went = served(crowded + lonely)
    assert [each.guild_id for each in went[:20]] == [1, 2] * 10


def test_members_take_turns_within_a_guild() -> None:
    notes = [queued(10 * n + member, member=member) for n in range(1, 6) for member in (1, 2, 3)]
    random.Random(1).shuffle(notes)  # noqa: S311
    assert [each.member_id for each in served(notes)] == [1, 2, 3] * 5


def test_a_guild_whose_turn_was_forgotten_among_thousands_is_served_first() -> None:
    order = FairScheduler()
    for guild in range(1, 1502):
        order.record_turn(queued(guild, guild=guild))
    went = served([queued(9001, guild=1), queued(9000, guild=1501)], order)
    assert [each.guild_id for each in went] == [1, 1501]


@pytest.fixture
async def queue() -> WorkQueue:
    return new_queue()


def put(queue: WorkQueue, record: NoteRecord, not_before: float = 0.0) -> WorkItem:
    item = WorkItem(record, enqueued_at=0.0, deadline=1e12, not_before=not_before)
    queue.put(item, record)
    return item


async def test_only_the_first_note_of_each_call_may_be_sent(queue: WorkQueue) -> None:
    for position in (5, 3, 4):
        put(queue, queued(position, call=123))
    put(queue, queued(9, call=124))
    assert [each.position for each in queue.sendable()] == [3, 9]


@pytest.mark.parametrize("state", [NoteState.SENDING, NoteState.CHECKING])
async def test_a_note_under_way_or_in_doubt_holds_back_those_behind_it(
    queue: WorkQueue, state: NoteState
) -> None:
    put(queue, replace(queued(1, call=123), state=state))
    put(queue, queued(2, call=123))
    assert queue.sendable() == []
    assert queue.next_try() is None


async def test_a_note_that_is_held_back_is_due_at_its_time_and_not_before(queue: WorkQueue) -> None:
    later = loop_time() + 3600
    put(queue, queued(1), not_before=later)
    assert queue.sendable() == []
    assert queue.next_try() == later


async def test_a_note_that_came_back_is_kept_when_its_old_entry_is_forgotten(
    queue: WorkQueue,
) -> None:
    old = put(queue, queued(1))
    queue.put(old, replace(old.record, state=NoteState.FAILED))
    assert len(queue) == 0
    new = put(queue, queued(1))
    queue.remove(old)
    assert queue.get(1) is new


async def test_a_note_that_has_ended_leaves_the_work_queue(queue: WorkQueue) -> None:
    item = put(queue, queued(1))
    assert queue.get(1) is item
    queue.put(item, replace(item.record, state=NoteState.ADDED))
    assert queue.get(1) is None
