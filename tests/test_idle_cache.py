"""What is idle is dropped, but there are never two for one key."""

from bot.idle_cache import IdleCache
from tests.clock import Clock


class Thing:
    def __init__(self, key: str) -> None:
        self.key = key


def test_what_is_used_is_kept_and_what_is_idle_dropped() -> None:
    clock = Clock()
    cache = IdleCache(Thing, 60.0, clock)
    first = id(cache.get("a"))
    cache.get("b")
    clock.later(59)
    assert id(cache.get("a")) == first
    clock.later(59)
    cache.get("c")
    assert len(cache) == 2
    assert cache.existing("b") is None


def test_what_somebody_holds_is_not_made_again() -> None:
    clock = Clock()
    cache = IdleCache(Thing, 60.0, clock)
    held = cache.get("a")
    clock.later(1000)
    cache.get("b")
    clock.later(1000)
    assert cache.get("a") is held
    assert cache.existing("a") is held
