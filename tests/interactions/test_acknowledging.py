"""One note and one answer, whatever becomes of the acknowledgement."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from bot.sandbox.discord import Fault
from bot.sandbox.sonoran import Fault as CadFault
from tests import kept_bot
from tests.administrator import configure
from tests.note_messages import ADDED, told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

UNKNOWN = {"code": 10062, "message": "Unknown interaction"}
NOT_TAKEN = [
    Fault("callback", abort=True, applied=False, times=2),
    Fault("callback", 500, times=3, applied=False),
    Fault("callback", 503, times=2, applied=False),
    Fault("callback", 403, applied=False, body="<html>not Discord's</html>"),
    Fault("callback", 404, applied=False, body="<html>not Discord's</html>"),
]


async def test_the_cad_hears_nothing_before_discord_took_the_acknowledgement(
    world: World,
) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.discord.faults.add(Fault("callback", 404, applied=False, hold=held, body=UNKNOWN))
    interaction = await world.use()
    held.set()
    await world.finish()
    assert world.cad.requests == []
    assert interaction.message is None


async def test_two_connected_bots_add_one_note_and_give_one_answer(world: World) -> None:
    world.let(other_instance=PATIENCE)
    await world.start_with(2)
    await world.start_with(2)
    interactions = await asyncio.gather(*(world.use(f"note {n}") for n in range(3)))
    for interaction in interactions:
        await world.final(interaction)
    await world.finish()
    assert sorted(world.stored()) == sorted(f"note {n}" for n in range(3))
    for n, interaction in enumerate(interactions):
        assert len(interaction.callbacks) == 2
        assert [message.content for message in interaction.messages] == [
            f"NOTE 'note {n}' added to call #123"
        ]


async def test_two_connected_bots_refuse_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.start_with(2)
    await world.start_with(2)
    interaction = await world.use(call="none")
    await asyncio.wait_for(interaction.answered(), PATIENCE)
    await world.finish()
    assert len(interaction.messages) == 1
    assert "refused for its content" not in caplog.text


async def test_an_acknowledgement_tried_again_and_taken_adds_one_note(world: World) -> None:
    await world.start_with(2)
    for fault in NOT_TAKEN:
        world.discord.faults.add(replace(fault))
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


async def test_a_repetition_that_is_refused_as_one_tells_that_the_first_arrived(
    world: World,
) -> None:
    await world.start()
    await world.say()  # so that the commands are registered
    for lost, command, said in (
        (Fault("callback", abort=True), "roles-remove", "Nobody can add notes now."),
        (Fault("callback", 502), "roles-add", "The dispatcher role is now"),
    ):
        world.discord.faults.add(lost)
        interaction = await world.discord.use_command(
            world.admin, world.channel, f"callnote-config {command}", {"role": world.role}
        )
        answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
        assert answer.content.startswith(said)


async def test_a_refusal_is_told_although_the_connection_broke(world: World) -> None:
    await world.start_with(2)
    world.discord.faults.add(Fault("callback", abort=True, applied=False))
    interaction = await world.use(call="none")
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert answer.content.startswith("A call number is a whole number")


async def test_an_answer_is_left_alone_that_discord_took_and_described_badly(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.start_with(2)
    world.discord.faults.add(Fault("edit_original", 200, body={}))
    interaction = await world.discord.use_command(
        world.admin, world.channel, "callnote-config status", {}
    )
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    await world.finish()
    assert interaction.messages == [answer]
    assert "Something went wrong" not in answer.content
    assert "an answer of Discord's cannot be read\nTraceback" in caplog.text


@pytest.mark.parametrize("applied", [False, True], ids=["", "but taken"])
async def test_an_answer_whose_connection_broke_is_tried_again_and_given_once(
    world: World, *, applied: bool
) -> None:
    await world.registered()
    world.discord.faults.add(Fault("edit_original", times=2, abort=True, applied=applied))
    interaction = await world.discord.use_command(
        world.admin, world.channel, "callnote-config status", {}
    )
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    await asyncio.wait_for(world.discord.arrived("edit_original", 3), PATIENCE)
    assert interaction.messages == [answer]


async def test_an_answer_whose_connection_broke_is_not_sent_as_a_second_message(
    world: World,
) -> None:
    await world.registered()
    world.discord.faults.add(Fault("edit_original", abort=True, applied=True))
    world.discord.faults.add(Fault("edit_original", 429, 3, applied=False, body="1015"))
    interaction = await world.discord.use_command(
        world.admin, world.channel, "callnote-config status", {}
    )
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    await asyncio.wait_for(world.discord.arrived("edit_original", 4), PATIENCE)
    await world.finish()
    assert interaction.messages == [answer]


async def test_a_certain_refusal_frees_the_call_at_once(world: World) -> None:
    await world.start_with(2)
    body = {"code": 50035, "message": "Invalid Form Body"}
    world.discord.faults.add(Fault("callback", 400, applied=False, body=body))
    await world.use("refused")
    await asyncio.wait_for(world.discord.requested("callback"), PATIENCE)
    await told(world, await world.use("another"), "NOTE 'another' added")
    asked = [each for each in world.discord.requests if each.route == "get_original"]
    assert asked == []
    assert world.stored() == ["another"]


@pytest.mark.parametrize("answered", [False, True], ids=["", "answered by another instance"])
async def test_a_setting_whose_confirmation_never_comes_is_told_as_not_finished_if_nobody_answers(
    world: World, answered: bool
) -> None:
    world.let(other_instance=1.0, acknowledge=0.5)
    await world.start()
    await world.say()  # so that the commands are registered
    held = asyncio.Event()
    world.discord.faults.add(Fault(route="callback", hold=held, applied=True))
    world.discord.faults.add(
        Fault("get_original", 404, 2, applied=False, body="<html>not Discord's</html>")
    )
    world.discord.faults.add(Fault("get_original", 200, body={}))
    interaction = await world.discord.use_command(
        world.admin, world.channel, "callnote-config roles-remove", {"role": world.role}
    )
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    if answered:
        path = f"webhooks/{world.discord.application_id}/{interaction.token}/messages/@original"
        async with aiohttp.ClientSession() as other:
            content = {"content": "answered"}
            assert (await other.patch(f"{world.discord.api_url}/{path}", json=content)).ok
    await asyncio.wait_for(world.discord.requested("get_original", 4), PATIENCE)
    await world.finish()
    held.set()
    assert interaction.message is not None
    expected = "answered" if answered else "Callnote could not finish this command: try again."
    assert interaction.message.content.startswith(expected)


async def test_an_acknowledgement_that_keeps_failing_never_reaches_the_cad(world: World) -> None:
    world.let(acknowledge=0.5)
    await world.start_with(2)
    world.discord.faults.add(Fault(route="callback", status=500, times=None, applied=False))
    interaction = await world.use()
    await world.finish()
    assert interaction.message is None
    assert world.cad.requests == []


async def test_an_answer_that_discord_did_not_take_is_tried_again(world: World) -> None:
    await world.start_with(2)
    statuses = (400, 401, 429, 502)
    for status in statuses:
        world.discord.faults.add(Fault(route="edit_original", status=status, applied=False))
        message = await world.say(f"answered by {status}")
        assert message.content == f"NOTE 'answered by {status}' added to call #123"
    assert world.stored() == [f"answered by {status}" for status in statuses]


async def test_a_deleted_placeholder_is_answered_with_a_message_of_its_own(world: World) -> None:
    await world.start_with(2)
    held = asyncio.Event()
    world.cad.faults.add(CadFault(on="note", applied=True, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    world.discord.world.messages.delete(interaction.message)
    held.set()
    (message,) = await asyncio.wait_for(world.discord.posted(world.channel), PATIENCE)
    assert message.content == "NOTE 'some note here' added to call #123"


async def test_a_setting_whose_placeholder_is_gone_is_answered_with_a_message_of_its_own(
    world: World,
) -> None:
    await world.registered()
    gone = {"code": 10008, "message": "Unknown Message"}
    world.discord.faults.add(Fault("edit_original", 404, applied=False, body=gone))
    message = await configure(world, "roles")
    assert message.content.startswith("Dispatcher roles: \\@Dispatcher, from the host")


async def test_an_expired_interaction_is_left_alone(world: World) -> None:
    await world.start_with(2)
    world.discord.faults.add(Fault("callback", 404, applied=False, body=UNKNOWN))
    await world.use()
    await asyncio.wait_for(world.discord.requested("callback"), PATIENCE)
    await world.finish()
    assert not [each for each in world.discord.requests if each.route == "get_original"]


async def test_a_lost_acknowledgement_is_asked_for_whatever_a_repetition_is_told(
    world: World,
) -> None:
    await world.start_with(2)
    world.discord.faults.add(Fault("callback", abort=True, applied=True))
    world.discord.faults.add(Fault("callback", 404, applied=False, body=UNKNOWN))
    interaction = await world.use()
    await told(world, interaction, ADDED)
    assert len(interaction.messages) == 1
    assert world.stored() == ["some note here"]
