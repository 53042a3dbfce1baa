"""What is idle is dropped, but there are never two for one key."""

from bot.idle_cache import IdleCache
from tests.loop_clock import let_pass


class Thing:
    def __init__(self, key: str) -> None:
        self.key = key


async def test_what_is_used_is_kept_and_what_is_idle_dropped() -> None:
    cache = IdleCache(Thing, 60.0)
    first = id(cache.get("a"))
    cache.get("b")
    await let_pass(40)
    assert id(cache.get("a")) == first
    await let_pass(40)
    cache.get("c")
    assert len(cache) == 2
    assert cache.existing("b") is None


async def test_what_somebody_holds_is_not_made_again() -> None:
    cache = IdleCache(Thing, 60.0)
    held = cache.get("a")
    await let_pass(1000)
    cache.get("b")
    await let_pass(1000)
    assert cache.get("a") is held
    assert cache.existing("a") is held
