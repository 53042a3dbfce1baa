"""A number that the CAD refuses is answered with the calls that may be meant, one press away."""

from __future__ import annotations

import pytest

from bot.sandbox.discord import Message
from bot.sandbox.sonoran import Fault
from tests.note_messages import forge, labels, outbox_says, press, privately, shows
from tests.world import World

pytestmark = pytest.mark.long

NOT_ADDED = "❌ Not added to call #122: "
MEANT = "Did you mean one of these calls? Press it to add the note there."


async def refused(world: World, call: str = "122") -> Message:
    """Return the message of a note to a call that does not exist."""
    world.cad.add_call(
        124, title="Robbery", code="10-31", address="77 Vinewood Blvd", priority="High"
    )
    world.cad.add_call(9, title="Far off")
    await world.registered()
    return await world.say(call=call)


@pytest.mark.parametrize("version", [1, 2])
async def test_calls_near_a_refused_number_are_offered_and_get_the_same_note(
    world: World, version: int
) -> None:
    world.cad.versions = {version}
    message = await refused(world)
    assert message.content.startswith(NOT_ADDED)
    assert message.content.splitlines()[1:] == [MEANT, "Your note: some note here"]
    assert labels(message) == [
        "#124 · 10-31 Robbery · 77 Vinewood Blvd · High",
        "#123 · Traffic stop · P2",
    ]
    kim = world.guild.add_member("kim", roles=[world.role])
    await press(world, kim, message, labels(message)[0])
    await shows(world, message, "NOTE 'some note here' added to call #124")
    assert message.content.splitlines()[1:] == ["-# 10-31 Robbery · 77 Vinewood Blvd"]
    assert labels(message) == []
    assert [(note.label, note.content) for note in world.cad.notes(124)] == [
        ("Dana D-2", "some note here")
    ]


async def test_the_buttons_work_after_a_restart_for_dispatchers_alone(world: World) -> None:
    message = await refused(world)
    await world.settled()
    await world.restart()
    pressed = await press(world, world.admin, message, labels(message)[0])
    assert "@Dispatcher" in await privately(world, pressed)
    assert world.stored(123) == []
    await press(world, world.dispatcher, message, labels(message)[1])
    await shows(world, message, "NOTE 'some note here' added to call #123")


async def test_what_the_live_calls_tell_of_a_refused_number_is_said(world: World) -> None:
    world.cad.add_emergency_call(125, caller="Jane")
    world.cad.add_call(126)
    world.cad.close_call(126)
    emergency = await refused(world, "125")
    assert emergency.content.splitlines()[1] == (
        f"#125 is a 911 call; notes can be added only to dispatch calls. {MEANT}"
    )
    closed = await world.say(call="126")
    assert closed.content.splitlines()[1] == f"#126 is closed. {MEANT}"
    unlike = await world.say(call="99887766")
    assert "Check the call number" in unlike.content
    assert labels(unlike) == []


async def test_a_cad_whose_calls_cannot_be_read_leaves_the_advice_as_ever(world: World) -> None:
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    message = await refused(world)
    assert "Check the call number" in message.content
    assert labels(message) == []


async def test_a_forged_button_adds_nothing_and_however_often_one_is_pressed_once(
    world: World,
) -> None:
    message = await refused(world)
    await outbox_says(world, "refused", 1)
    ((note_id,),) = world.rows("SELECT id FROM notes")
    for custom_id in (
        f"callnote:to:{note_id}",
        f"callnote:to:{note_id}:0",
        f"callnote:retry:{note_id}:124",
        f"callnote:to:{int(str(note_id)) + 1}:124",
    ):
        answer = await privately(world, await forge(world, world.dispatcher, custom_id))
        assert answer
    assert world.stored(124) == []
    first, second = labels(message)
    for label in (first, first, second):
        await press(world, world.dispatcher, message, label)
    await shows(world, message, "NOTE 'some note here' added to call #12")
    await world.settled()
    assert len(world.stored(123)) + len(world.stored(124)) == 1


async def test_below_the_cads_own_words_stand_title_and_address_if_they_are_known(
    world: World,
) -> None:
    world.cad.add_call(130, title="*Vehicle* pursuit", address="@everyone\nHarbor")
    await world.registered()
    unknown = await world.say("one", "130")
    assert unknown.content == "NOTE 'one' added to call #130"
    await world.discord.autocomplete(
        world.dispatcher, world.channel, "callnote", {"call": "1"}, focused="call"
    )
    known = await world.say("two", "130")
    assert known.content.splitlines() == [
        "NOTE 'two' added to call #130",
        "-# \\*Vehicle\\* pursuit · \\@everyone Harbor",
    ]
    long = await world.say("x" * 4000, "130")
    assert len(long.content) <= 2000
    assert long.content.splitlines()[1] == known.content.splitlines()[1]
