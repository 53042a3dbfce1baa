"""A process that is killed when a note's final state was stored and not shown yet."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.discord import Interaction
from bot.sandbox.sonoran import Fault
from tests.note_messages import (
    ADDED,
    CHECKING,
    NOT_ADDED,
    QUEUED,
    UNCONFIRMED,
    labels,
    press,
    public,
    shows,
    told,
)
from tests.system.killing import edited, gone, holds_edit, running
from tests.world import World

pytestmark = pytest.mark.long

GIVE_UP_SOON = {"NOTE_GIVE_UP_SECONDS": "3"}
"""Soon, but not before a note's message says that it is queued, also on a busy machine."""


async def refused(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=404, body="CALL NOT FOUND"))
    holds_edit(world, taken=False)
    interaction = await world.use()
    await edited(world)
    return interaction


async def failed(world: World) -> Interaction:
    await world.cad.stop()
    interaction = await world.use()
    await told(world, interaction, QUEUED + "Sonoran CAD is not answering")
    await edited(world, holds_edit(world, taken=False))
    await world.cad.start()
    return interaction


async def unconfirmed(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    interaction = await world.use()
    await told(world, interaction, CHECKING)
    await edited(world, holds_edit(world, taken=False))
    world.cad.faults.clear()
    return interaction


async def cancelled(world: World) -> Interaction:
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "60"}))
    interaction = await world.use()
    message = await told(world, interaction, QUEUED)
    held = holds_edit(world, taken=False)
    await press(world, world.dispatcher, message, "Cancel")
    await edited(world, held)
    return interaction


End = Callable[[World], Awaitable[Interaction]]

ENDS: dict[str, tuple[End, str, list[str], int]] = {
    "refused": (refused, NOT_ADDED + "CALL NOT FOUND", [], 0),
    "failed": (failed, NOT_ADDED, ["Try again"], 0),
    "unconfirmed": (unconfirmed, UNCONFIRMED, ["Check again", "Send again", "Cancel"], 1),
    "cancelled": (cancelled, "Cancelled: nothing was added to call #123.", [], 0),
}


@pytest.mark.parametrize(("end", "content", "buttons", "count"), ENDS.values(), ids=ENDS)
async def test_a_final_state_that_was_stored_is_shown_after_a_kill(
    world: World, end: End, content: str, buttons: list[str], count: int
) -> None:
    where = world.file(0)
    more = GIVE_UP_SOON if end is failed else {}
    async with running(world, where, **more) as first:
        interaction = await end(world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where):  # with time enough for what a button begins
        message = await told(world, interaction, content)
        assert labels(message) == buttons
        assert world.stored() == ["some note here"] * count
        if buttons:
            await press(world, world.dispatcher, message, buttons[0])
            await shows(world, message, ADDED)
            assert world.stored() == ["some note here"]
        assert public(world) == [message]
