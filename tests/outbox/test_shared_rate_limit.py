"""How all processes together keep to a community's limit of notes."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from sqlalchemy import select

from bot.outbox import HOST, NoteState
from bot.outbox.errors import RateUsedError
from bot.outbox.schema import send_times
from bot.outbox.shared_rate_limit import count_send
from bot.sandbox.sonoran import SonoranServer
from bot.storage import Database
from tests.outbox.parts import repository_of
from tests.outbox.workers import Worker, eventually, in_state, stored, with_limits, working

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


async def sent(database: Database, community: str = HOST, per_minute: int = 3) -> bool:
    """Whether one more note may be sent, which is then counted."""
    try:
        await database.run(count_send, community, per_minute=per_minute)
    except RateUsedError:
        return False
    return True


async def pass_time(database: Database, seconds: float) -> None:
    """Make every counted send so many seconds older."""
    row = (await database.run(lambda c: c.execute(select(send_times)).all()))[0]
    earlier = " ".join(str(float(each) - seconds) for each in row.latest.split())
    await database.execute(send_times.update().values(latest=earlier))


async def test_only_so_many_go_in_a_minute(database: Database) -> None:
    assert [await sent(database) for _ in range(5)] == [True, True, True, False, False]
    await pass_time(database, 50)
    assert not await sent(database)
    await pass_time(database, 11)
    assert [await sent(database) for _ in range(4)] == [True, True, True, False]


async def test_each_community_has_its_own(database: Database) -> None:
    assert [await sent(database) for _ in range(4)][-1] is False
    assert await sent(database, "another")


async def test_a_lower_limit_counts_what_went_before(database: Database) -> None:
    assert [await sent(database) for _ in range(3)] == [True] * 3
    assert not await sent(database, per_minute=2)
    assert await sent(database, per_minute=4)


async def test_only_as_many_times_are_kept_as_matter(database: Database) -> None:
    for _ in range(5):
        assert await sent(database)
        await pass_time(database, 61)
    [latest] = await database.run(lambda c: c.scalars(select(send_times.c.latest)).all())
    assert len(latest.split()) == 3


async def test_a_clock_that_was_set_back_holds_nothing_up(database: Database) -> None:
    assert [await sent(database) for _ in range(4)][-1] is False
    await pass_time(database, -3600)
    assert await sent(database)


async def test_of_many_at_once_no_more_go(database: Database) -> None:
    results = await asyncio.gather(*(sent(database) for _ in range(12)))
    assert sum(results) == 3


async def test_a_note_beyond_the_limit_stays_where_it_is(database: Database) -> None:
    store = repository_of(database, "one")
    record = await in_state(store, NoteState.QUEUED)
    assert await sent(database, per_minute=1)
    with pytest.raises(RateUsedError):
        await store.transition(record, NoteState.SENDING, per_minute=1)
    assert await store.get(record.id) == record


async def test_two_processes_together_keep_to_the_limit(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.outbox.sender")
    limits = with_limits(notes_per_minute=4, notes_burst=4)
    one, two = (Worker(database, cad, session, limits) for _ in range(2))
    async with working(one), working(two):
        for number in range(4):
            await one.note(f"one {number}", call=123)
            await two.note(f"two {number}", call=124)
        await eventually(lambda: one.outbox.waiting_count + two.outbox.waiting_count == 4)
        await eventually(lambda: "4 notes of its community were sent" in caplog.text)
        assert len(stored(cad, 123)) + len(stored(cad, 124)) == 4
