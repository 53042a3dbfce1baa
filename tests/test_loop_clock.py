"""In the tests, a busy machine decides nothing: no time passes while it lets nothing go on."""

from contextlib import closing

import pytest

from tests.loop_clock import TURN, Loop


def test_what_the_machine_holds_up_is_not_late() -> None:
    now = 1000.0
    with closing(Loop(lambda: now)) as loop:
        before = loop.time()
        now += 600.0
        assert loop.time() == pytest.approx(before + TURN)
        now += TURN / 2
        assert loop.time() == pytest.approx(before + TURN * 1.5)
