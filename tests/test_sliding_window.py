"""What happened in the last while is counted, and kept within a limit."""

from bot.sliding_window import SlidingWindow
from tests.loop_clock import let_pass


async def test_it_may_happen_again_when_the_first_is_long_enough_ago() -> None:
    window = SlidingWindow(2, 600.0)
    assert window.try_add()
    await let_pass(300)
    assert window.try_add()
    assert not window.try_add()
    assert 200 < window.wait < 301
    await let_pass(301)
    assert len(window) == 1
    assert window.try_add()
    assert not window.try_add()


async def test_of_more_than_the_limit_the_latest_are_counted() -> None:
    window = SlidingWindow(3, 600.0)
    for _ in range(5):
        window.add()
    assert len(window) == 3
    await let_pass(600)
    assert len(window) == 0
    assert window.wait == 0.0
