"""An answer is asked for once by many, and again when it is too old."""

from __future__ import annotations

import asyncio

import pytest

from bot.interactions.ttl_cache import TtlCache
from tests.loop_clock import let_pass


class Source:
    """Counts how often it is asked, and answers with that count once it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return self.asked


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def cache(source: Source) -> TtlCache[int]:
    return TtlCache(source, seconds_for=lambda answer: 60.0 if answer > 1 else 10.0)


async def test_many_who_ask_at_once_get_one_answer(source: Source, cache: TtlCache[int]) -> None:
    source.free.clear()
    asking = [asyncio.create_task(cache.get()) for _ in range(5)]
    await asyncio.sleep(0)
    source.free.set()
    assert await asyncio.gather(*asking) == [1] * 5


async def test_an_answer_is_good_for_as_long_as_it_says(cache: TtlCache[int]) -> None:
    assert await cache.get() == 1
    await let_pass(8.0)
    assert await cache.get() == 1
    await let_pass(2.0)
    assert await cache.get() == 2
    await let_pass(50.0)
    assert await cache.get() == 2


async def test_who_needs_a_newer_answer_gets_one(source: Source, cache: TtlCache[int]) -> None:
    assert await cache.get() == 1
    await let_pass(3.0)
    assert await cache.get(max_age=6.0) == 1
    await let_pass(3.0)
    assert await cache.get(max_age=6.0) == 2
    await let_pass(3.0)
    assert await cache.get(max_age=6.0) == 2
    assert source.asked == 2


async def test_a_failure_is_told_to_all_and_not_remembered(
    source: Source, cache: TtlCache[int]
) -> None:
    source.error = OSError("no")
    source.free.clear()
    asking = [asyncio.create_task(cache.get()) for _ in range(2)]
    await asyncio.sleep(0)
    source.free.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in results] == [OSError, OSError]
    source.error = None
    assert await cache.get() == 2


async def test_who_gives_up_leaves_the_question_to_the_others(
    source: Source, cache: TtlCache[int]
) -> None:
    source.free.clear()
    first, second = (asyncio.create_task(cache.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    source.free.set()
    assert await second == 1
    assert source.asked == 1
