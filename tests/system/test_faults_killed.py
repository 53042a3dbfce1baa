"""A process that is killed or stopped at any recorded step of a note, and the one that follows it.

Within seconds of its return the truth stands in the same message, and the CAD has the note once.
"""

from __future__ import annotations

import signal

import pytest

from tests.postgresql import postgresql
from tests.system.killing import STEPS, before_its_acknowledgement, ends_in_turn, gone, running
from tests.world import World

pytestmark = pytest.mark.long


async def test_a_note_is_added_once_and_told_after_a_kill_at_any_step(world: World) -> None:
    versions = {"sending, stored": "1", "checking": "1"}
    steps = {name: versions.get(name, "2") for name in STEPS}
    await ends_in_turn(world, world.file(0), steps, signal.SIGKILL)


async def test_a_note_is_added_once_and_told_after_a_kill_on_postgresql(
    world: World, request: pytest.FixtureRequest
) -> None:
    names = ["acknowledged", "queued", "sending, stored", "checking", "added, not shown"]
    async with postgresql(request.config) as where:
        await ends_in_turn(world, where, dict.fromkeys(names, "2"), signal.SIGKILL)


async def test_a_note_is_added_once_and_told_after_a_stop(world: World) -> None:
    names = ["acknowledged", "queued", "waiting out a limit", "checking", "checking, stored"]
    await ends_in_turn(world, world.file(0), dict.fromkeys(names, "2"), signal.SIGTERM)


async def test_nothing_is_sent_after_a_kill_before_its_acknowledgement(world: World) -> None:
    """The member saw that the application did not respond, so there is nobody to tell."""
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await before_its_acknowledgement(world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where):
        assert (await world.say("another")).content == "NOTE 'another' added to call #123"
    assert interaction.messages == []
    assert world.stored() == ["another"]
