"""A process that is killed or stopped at any recorded step of a note, and the one that follows it.

Within seconds of its return the truth stands in the same message, and the CAD has the note once.
"""

from __future__ import annotations

import signal

import pytest

from tests.note_messages import public
from tests.postgresql import postgresql
from tests.system.killing import STEPS, before_the_promise, ends_once, gone, lapse, running
from tests.world import World

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("name", "version"),
    [(name, "2") for name in STEPS] + [(name, "1") for name in ("sending, stored", "checking")],
)
async def test_a_note_is_added_once_and_told_after_a_kill(
    world: World, name: str, version: str
) -> None:
    where = world.file(0)
    async with running(world, where, SONORAN_API_VERSION=version) as first:
        interaction = await STEPS[name](world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where, SONORAN_API_VERSION=version) as second:
        await ends_once(world, interaction)
        await gone(world, second, signal.SIGTERM)
    assert len(public(world)) == 1
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize(
    "name", ["after the promise", "queued", "sending, stored", "checking", "added, not shown"]
)
async def test_a_note_is_added_once_and_told_after_a_kill_on_postgresql(
    world: World, request: pytest.FixtureRequest, name: str
) -> None:
    async with postgresql(request.config) as where:
        async with running(world, where) as first:
            interaction = await STEPS[name](world)
            await gone(world, first, signal.SIGKILL)
        await lapse(where)
        async with running(world, where) as second:
            await ends_once(world, interaction)
            await gone(world, second, signal.SIGTERM)


@pytest.mark.parametrize(
    "name", ["after the promise", "queued", "waiting out a limit", "checking", "checking, stored"]
)
async def test_a_note_is_added_once_and_told_after_a_stop(world: World, name: str) -> None:
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await STEPS[name](world)
        await gone(world, first, signal.SIGTERM)
    async with running(world, where):
        await ends_once(world, interaction)


async def test_nothing_is_sent_after_a_kill_before_the_promise(world: World) -> None:
    """The member saw that the application did not respond, so there is nobody to tell."""
    where = world.file(0)
    async with running(world, where) as first:
        interaction = await before_the_promise(world)
        await gone(world, first, signal.SIGKILL)
    async with running(world, where):
        assert (await world.say("another")).content == "NOTE 'another' added to call #123"
    assert interaction.messages == []
    assert world.stored() == ["another"]
