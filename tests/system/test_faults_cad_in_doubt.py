"""A note that may have been stored stays in doubt until the CAD tells, and holds up no other."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import (
    UNCONFIRMED,
    labels,
    public,
    shows,
    told,
)
from tests.system.cad_faults import added, cells, sent_one_after_the_other
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

CALLS = '{{"ActiveCalls": [{call}], "ClosedCalls": [], "EmergencyCalls": []}}'
BLIND = {
    "down": Fault(on="calls", status=500, times=None),
    "not JSON": Fault(on="calls", status=200, body="\ufffd", times=None),
    "rate limited": Fault(on="calls", status=429, times=None),
    "without calls": Fault(on="calls", status=200, body=CALLS.format(call=""), times=None),
    "without notes": Fault(
        on="calls", status=200, body=CALLS.format(call='{"callId": 123}'), times=None
    ),
    "with notes of no use": Fault(
        on="calls",
        status=200,
        body=CALLS.format(call='{"callId": 123, "notes": [1, null]}'),
        times=None,
    ),
}


@cells(BLIND, with_1="with notes of no use")
async def test_nothing_is_assumed_when_the_call_list_cannot_tell(
    world: World, version: int, fault: Fault
) -> None:
    await world.start_with(version)
    for stored in (True, False):
        text = f"stored: {stored}"
        world.cad.faults.clear()
        world.cad.faults.add(Fault(status=500, applied=stored))
        world.cad.faults.add(fault)
        message = await world.say(text)
        assert message.content.startswith(UNCONFIRMED), text
        assert message.content.endswith(f"Your note: {text}")
        assert labels(message) == ["Check again", "Send again", "Cancel"]
        assert world.stored() == ["stored: True"]
    assert len(world.cad.note_requests) == 2
    assert len(public(world)) == 2


async def test_a_call_list_that_hides_a_note_known_to_be_there_is_not_believed(
    world: World,
) -> None:
    await world.start_with(2)
    await world.say("known to be there")
    calls = CALLS.format(call='{"callId": 123, "notes": []}')
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=200, body=calls, times=None))
    message = await world.say()
    assert message.content.startswith(UNCONFIRMED)
    assert world.stored() == ["known to be there", "some note here"]


async def test_a_note_behind_one_that_stays_in_doubt_is_added(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    first, second = await sent_one_after_the_other(world)
    assert first.startswith(UNCONFIRMED)
    assert second == "NOTE 'note 1' added to call #123"
    assert world.stored() == ["note 0", "note 1"]


async def test_a_call_list_that_comes_back_settles_the_doubt(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=1))
    assert await sent_one_after_the_other(world) == added()
    assert world.stored() == ["note 0", "note 1"]


async def test_equal_notes_of_two_members_are_both_there_when_both_are_in_doubt(
    world: World,
) -> None:
    """Under one name, so that nothing but counting can tell them apart."""
    other = world.guild.add_member("dora", nick="Dana D-2", roles=[world.role])
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(status=500, applied=False))
    options = {"call": "123", "note": "some note here"}
    interactions = [
        await world.discord.use_command(member, world.channel, "callnote", options)
        for member in (world.dispatcher, other)
    ]
    messages = [await world.final(each) for each in interactions]
    assert [message.content for message in messages] == [
        "NOTE 'some note here' added to call #123"
    ] * 2
    assert world.stored() == ["some note here"] * 2


async def test_notes_for_another_call_do_not_wait_for_one_in_doubt(world: World) -> None:
    world.cad.add_call(124)
    await world.start_with(2)
    looked = asyncio.Event()
    world.cad.faults.add(Fault(status=500, applied=True))
    world.cad.faults.add(Fault(on="calls", applied=True, hold=looked))
    first = await told(world, await world.use(), "⏳ Checking call")
    assert (await world.say(call="124")).content == "NOTE 'some note here' added to call #124"
    looked.set()
    await shows(world, first, "NOTE '")
    assert world.stored() == ["some note here"]
    assert world.stored(124) == ["some note here"]
