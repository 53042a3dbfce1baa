"""One message for each note, kept true whatever becomes of the note."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.outbox.load_shedding import FIRST_ESTIMATE, LULL
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord import Message
from bot.sandbox.sonoran import Fault
from bot.timing import Timing, loop_time
from tests import kept_bot
from tests.loop_clock import let_pass
from tests.note_messages import (
    ADDED,
    CHECKING,
    NOT_ADDED,
    QUEUED,
    labels,
    out_of_time,
    press,
    public,
    shows,
    told,
    waiting_note,
)
from tests.world import LIMITS, PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

LONG = "Suspect fled north on foot. " * 142  # 3,976 characters


def attached(message: Message) -> list[tuple[str, int]]:
    return [(each.filename, len(each.content)) for each in message.attachments]


async def test_a_queued_note_becomes_the_cads_reply_in_the_same_message(world: World) -> None:
    message = await waiting_note(world)
    assert message.content == (
        "⏳ Queued for call #123: Sonoran CAD is not answering; trying again.\n"
        "Your note: some note here"
    )
    assert labels(message) == ["Cancel"]
    await world.cad.start()
    await shows(world, message, ADDED)
    assert message.buttons == []
    assert public(world) == [message]
    assert message.edits[0] == ""
    assert message.edits[-1] == ADDED
    assert all(each.startswith(QUEUED) for each in message.edits[1:-1])
    assert world.stored() == ["some note here"]


async def test_a_note_in_doubt_says_that_it_is_being_checked(world: World) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(status=502, applied=True))
    world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    message = await told(world, await world.use(), CHECKING)
    assert labels(message) == ["Cancel"]
    held.set()
    await shows(world, message, ADDED)
    assert message.edits == ["", f"{CHECKING}\nYour note: some note here", ADDED]
    assert public(world) == [message]


async def test_a_message_is_not_edited_again_within_seconds_while_its_note_is_on_its_way(
    world: World,
) -> None:
    """From queued over in doubt to queued again takes a moment; only the end is worth an edit."""
    world.let(edit_interval=Timing().edit_interval)
    await world.start_with(2)
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "1"}))
    world.cad.faults.add(Fault(status=500))
    world.cad.faults.add(Fault(status=429))
    began = loop_time()
    message = await world.say()
    assert message.content == ADDED
    assert len(world.cad.note_requests) == 4
    # Of the five steps, those on the way are shown at least 3 s apart; before the first and after
    # the last of these come the placeholder and the end. Never is each step shown, which were six.
    assert len(message.edits) <= min(5, 3 + (loop_time() - began) // 3)


async def test_one_note_that_waits_for_another_says_so(world: World) -> None:
    world.let(announce_after=0.05)
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(Fault(applied=True, hold=held))
    first = await world.use("first")
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    second = await told(world, await world.use("second"), QUEUED)
    assert second.content.startswith("⏳ Queued for call #123: waiting for its turn.")
    held.set()
    await told(world, first, "NOTE 'first' added")
    await shows(world, second, "NOTE 'second' added")
    assert world.stored() == ["first", "second"]


async def test_a_note_given_up_comes_with_its_full_text_until_it_is_tried_again(
    world: World,
) -> None:
    note = "one\ntwo"
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(note), QUEUED)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    assert attached(message) == [("note.txt", len(note))]
    await world.cad.start()
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, "NOTE '")
    assert attached(message) == []
    assert world.stored() == [note]


async def test_a_long_note_that_is_refused_comes_with_its_full_text(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=404, body="{}"))
    message = await world.say(LONG)
    assert attached(message) == [("note.txt", len(LONG.strip()))]
    assert len(message.content) <= 2000


async def test_whoever_has_as_many_notes_waiting_as_may_is_told_so(world: World) -> None:
    world.config = replace(world.config, limits=replace(LIMITS, waiting_limit=4))
    await world.start_with(2)
    await world.cad.stop()
    for number in range(2):
        await told(world, await world.use(f"note {number}"), QUEUED)
    answer = await asyncio.wait_for((await world.use("one too many")).answered(), PATIENCE)
    assert answer.ephemeral
    assert answer.content.startswith("Not added: you, or this server, have as many notes waiting")


async def test_a_full_outbox_takes_no_more_notes_and_says_so_privately(world: World) -> None:
    world.config = replace(world.config, limits=replace(LIMITS, waiting_limit=2))
    await world.start_with(2)
    await world.cad.stop()
    waiting = [await told(world, await world.use(f"note {n}"), QUEUED) for n in range(2)]
    interaction = await world.use("one too many")
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert answer.ephemeral
    assert answer.content.startswith("Not added: 2 notes are already waiting for Sonoran CAD")
    await world.cad.start()
    for message in waiting:
        await shows(world, message, "NOTE '")
    assert world.stored() == ["note 0", "note 1"]
    await world.say("room again")
    assert len(world.stored()) == 3


async def test_a_note_that_might_not_be_acknowledged_in_time_is_refused_in_words(
    world: World,
) -> None:
    world.let(admit_within=FIRST_ESTIMATE)
    await world.start_with(2)
    held = asyncio.Event()
    world.discord.faults.add(DiscordFault(route="callback", applied=False, hold=held))
    first = await world.use("first")
    await asyncio.wait_for(world.discord.arrived("callback"), PATIENCE)
    refused = await world.use("second")
    answer = await asyncio.wait_for(refused.answered(), PATIENCE)
    assert answer.ephemeral
    assert answer.content == ("Not added: too many notes came at the same moment. Send it again.")
    held.set()
    await told(world, first, "NOTE 'first' added")
    await let_pass(LULL)
    await world.say("third")
    assert world.stored() == ["first", "third"]
