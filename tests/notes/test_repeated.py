"""The same note by the same member to the same call within a minute."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.sandbox.discord import Fault, Interaction, Message
from bot.sandbox.sonoran import Fault as CadFault
from tests import kept_bot
from tests.note_messages import (
    ADDED,
    QUEUED,
    forge,
    labels,
    later_in_outbox,
    press,
    privately,
    public,
    shows,
    told,
)
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world


async def asked(world: World) -> tuple[Interaction, Message]:
    """Let the dispatcher send the same note twice; returns the second one and its question."""
    await world.say()
    interaction = await world.use()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    return interaction, message


async def test_a_repeated_note_is_held_back_with_a_private_question(world: World) -> None:
    await world.start_with(2)
    _, question = await asked(world)
    assert question.ephemeral
    assert re.fullmatch(
        r"You sent the same note to call #123 \d+ seconds? ago, so this one was not added\. "
        r"Look at the first message\.",
        question.content,
    )
    assert labels(question) == ["Add anyway"]
    assert world.stored() == ["some note here"]
    assert len(public(world)) == 1


async def test_add_anyway_after_a_restart_adds_it_once_more_with_an_answer_of_its_own(
    world: World,
) -> None:
    await world.start_with(2)
    _, question = await asked(world)
    await world.restart()
    message = await told(world, await press(world, world.dispatcher, question, "Add anyway"), ADDED)
    assert world.stored() == ["some note here"] * 2
    assert public(world)[1:] == [message]
    await shows(world, question, "Adding it again.")
    assert question.buttons == []


async def test_a_badly_described_edit_of_the_question_leaves_the_answer_alone(
    world: World,
) -> None:
    await world.start_with(2)
    _, question = await asked(world)
    world.discord.faults.add(Fault("edit_original", 200, 2, body={}))
    message = await told(world, await press(world, world.dispatcher, question, "Add anyway"), ADDED)
    await shows(world, question, "Adding it again.")
    await world.finish()
    assert not any("Something went wrong" in str(each) for each in message.edits)
    assert message.content == ADDED


async def test_add_anyway_pressed_twice_adds_it_once_more_and_says_so(world: World) -> None:
    await world.start_with(2)
    _, question = await asked(world)
    presses = [await press(world, world.dispatcher, question, "Add anyway") for _ in range(2)]
    async with asyncio.timeout(PATIENCE):
        for each in presses:
            await each.acknowledged()
    answers = [message for each in presses for message in each.messages]
    (refusal,) = [message for message in answers if message.ephemeral]
    (answer,) = [message for message in answers if not message.ephemeral]
    assert "This note has changed" in refusal.content
    await shows(world, answer, ADDED)
    assert world.stored() == ["some note here"] * 2


async def test_add_anyway_is_the_authors_alone_and_a_held_note_takes_no_other_button(
    world: World,
) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    await world.start_with(2)
    interaction, _ = await asked(world)
    forged = await forge(world, other, f"callnote:add:{interaction.id}")
    assert "Only the note's author" in await privately(world, forged)
    for action in ("cancel", "retry", "check", "resend"):
        forged = await forge(world, world.dispatcher, f"callnote:{action}:{interaction.id}")
        assert "This note has changed" in await privately(world, forged), action
    assert world.stored() == ["some note here"]


async def test_the_same_by_another_member_is_not_held_back(world: World) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    await world.start_with(2)
    await world.say()
    options = {"call": "123", "note": "some note here"}
    interaction = await world.discord.use_command(other, world.channel, "callnote", options)
    assert (await world.final(interaction)).content == ADDED
    assert len(world.stored()) == 2


async def test_another_text_or_call_is_not_held_back(world: World) -> None:
    world.cad.add_call(124)
    await world.start_with(2)
    await world.say()
    assert (await world.say("some other note")).content.startswith("NOTE ")
    assert (await world.say(call="124")).content.startswith("NOTE ")
    assert world.stored() == ["some note here", "some other note"]
    assert world.stored(124) == ["some note here"]


async def test_the_same_after_a_minute_is_not_held_back(world: World) -> None:
    await world.start_with(2)
    await world.say()
    await later_in_outbox(world, 61)
    assert (await world.say()).content == ADDED
    assert len(world.stored()) == 2


async def test_the_same_after_a_clock_set_back_an_hour_is_not_held_back(world: World) -> None:
    await world.start_with(2)
    await world.say()
    await later_in_outbox(world, -3600)
    assert (await world.say()).content == ADDED
    assert len(world.stored()) == 2


async def test_the_same_after_a_clock_set_back_a_little_is_held_back(world: World) -> None:
    await world.start_with(2)
    await world.say()
    await later_in_outbox(world, -30)
    interaction = await world.use()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert "1 second ago" in message.content
    assert len(world.stored()) == 1


async def test_the_same_as_a_refused_note_is_not_held_back(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(CadFault(status=404, body="{}"))
    await world.say()
    # The call's title is known by now, as live calls were read for the refused number.
    assert (await world.say()).content == f"{ADDED}\n-# Traffic stop"


async def test_the_same_as_a_note_still_queued_is_held_back(world: World) -> None:
    await world.start_with(2)
    await world.cad.stop()
    first = await told(world, await world.use(), QUEUED)
    second = await world.use()
    question = await asyncio.wait_for(second.answered(), PATIENCE)
    assert labels(question) == ["Add anyway"]
    await world.cad.start()
    await shows(world, first, ADDED)
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize("status", [500, 200])
async def test_a_question_whose_confirmation_was_lost_adds_nothing_and_is_no_error(
    world: World, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    await world.start_with(2)
    await world.say()
    body = None if status == 500 else "<html>"
    world.discord.faults.add(Fault(route="callback", status=status, applied=True, body=body))
    interaction = await world.use()
    await asyncio.wait_for(world.discord.requested("callback", 2), PATIENCE)
    await world.finish()
    assert not [message for message in interaction.messages if not message.ephemeral]
    assert world.stored() == ["some note here"]
    assert len(public(world)) == 1
    assert [each for each in caplog.records if each.exc_info is not None] == []
