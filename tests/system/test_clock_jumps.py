"""A clock that jumps, or time that passes while nothing runs, at any step of a note."""

from __future__ import annotations

import asyncio

import pytest

from tests.note_messages import (
    ADDED,
    QUEUED,
    later_in_outbox,
    press,
    public,
    shows,
    told,
    under_way,
)
from tests.world import World


@pytest.mark.parametrize(
    ("step", "hours"), [("queued", -48), ("queued", 48), ("checking", 48), ("sending", -48)]
)
async def test_a_clock_that_jumps_while_a_note_is_on_its_way_changes_nothing(
    world: World, step: str, hours: int
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    message = await under_way(world, step, held)
    await later_in_outbox(world, hours * 3600)
    if step == "queued":
        await world.cad.start()
    held.set()
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert public(world) == [message]


@pytest.mark.parametrize("hours", [-48, 0.1])
async def test_a_clock_that_jumps_while_the_bot_is_away_loses_no_note(
    world: World, hours: float
) -> None:
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await world.finish()
    await later_in_outbox(world, hours * 3600)
    await world.cad.start()
    await world.restart()
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]


async def test_a_note_older_than_its_tries_is_told_as_given_up_after_a_restart(
    world: World,
) -> None:
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await world.finish()
    await later_in_outbox(world, 3600)
    await world.restart()
    await shows(world, message, "❌ Not added to call #123: ")
    await world.cad.start()
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, ADDED)
    assert world.stored() == ["some note here"]
    assert public(world) == [message]
