"""Who may press the buttons below a note, and that a forged or outdated press does nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import kept_bot
from tests.note_messages import (
    ADDED,
    QUEUED,
    failed_note,
    forge,
    labels,
    press,
    privately,
    queued_note,
    shows,
    told,
)
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

CANCELLED = "Cancelled: nothing was added to call #123."
MOVED_ON = "This note has changed"


async def test_only_a_dispatcher_who_wrote_it_cancels_a_queued_note_and_nothing_else_is_done_to_it(
    world: World,
) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await queued_note(world)
    answer = await privately(world, await press(world, other, message, "Cancel"))
    assert "Only the note's author" in answer
    assert message.interaction is not None
    for action in ("retry", "check", "resend", "add", "explode"):
        custom_id = f"callnote:{action}:{message.interaction.id}"
        forged = await forge(world, world.dispatcher, custom_id)
        assert MOVED_ON in await privately(world, forged), action
        assert message.content.startswith(QUEUED), action
    world.dispatcher.roles.clear()
    answer = await privately(world, await press(world, world.dispatcher, message, "Cancel"))
    assert "you need one of these roles" in answer
    assert message.content.startswith(QUEUED)
    assert labels(message) == ["Cancel"]
    assert len(world.cad.note_requests) == 1


async def test_an_administrator_who_is_a_dispatcher_cancels_a_queued_note_whose_button_then_is_gone(
    world: World,
) -> None:
    world.admin.roles.append(world.role)
    message = await queued_note(world)
    (button,) = message.buttons
    assert button.custom_id is not None
    await press(world, world.admin, message, "Cancel")
    await shows(world, message, CANCELLED)
    again = await world.discord.press_button(
        world.dispatcher, message, button.custom_id, forged=True
    )
    world.cad.faults.clear()
    await privately(world, await forge(world, world.dispatcher, button.custom_id))
    assert again.callbacks == []
    assert message.content.startswith(CANCELLED)


async def test_a_note_that_failed_is_tried_again_by_any_dispatcher_and_nobody_else(
    world: World,
) -> None:
    other = world.guild.add_member("dora", roles=[world.role])
    message = await failed_note(world)
    before = message.content
    answer = await privately(world, await press(world, world.civilian, message, "Try again"))
    assert "you need one of these roles" in answer
    assert message.content == before
    assert world.stored() == []
    await press(world, other, message, "Try again")
    await shows(world, message, ADDED)
    assert [note.label for note in world.cad.notes(123)] == ["Dana D-2"]


async def test_a_forged_button_of_an_added_note_does_nothing(world: World) -> None:
    await world.start_with(2)
    interaction = await world.use()
    message = await told(world, interaction, ADDED)
    for action in ("cancel", "retry", "check", "resend", "add", "explode"):
        forged = await forge(world, world.dispatcher, f"callnote:{action}:{interaction.id}")
        assert MOVED_ON in await privately(world, forged), action
        assert message.content == ADDED, action
    assert world.stored() == ["some note here"]
    assert len(world.cad.requests) == 1


async def test_a_forged_button_of_a_note_that_is_not_kept_says_so(world: World) -> None:
    await world.start_with(2)
    for number in (1, 2**63, 10**20 - 1):
        forged = await forge(world, world.dispatcher, f"callnote:cancel:{number}")
        answer = await privately(world, forged)
        assert answer.startswith("Callnote no longer has this note"), number


async def test_a_note_of_another_server_is_out_of_reach(world: World) -> None:
    elsewhere = world.discord.add_guild("Elsewhere")
    role = elsewhere.add_role("Dispatcher")
    stranger = elsewhere.add_member("sid", roles=[role])
    channel = elsewhere.add_channel("dispatch")
    world.config = replace(world.config, dispatcher_role_ids=frozenset({world.role.id, role.id}))
    message = await queued_note(world)
    assert message.interaction is not None
    custom_id = f"callnote:cancel:{message.interaction.id}"
    answer = await privately(world, await forge(world, stranger, custom_id, channel))
    assert answer.startswith("Callnote no longer has this note")
    assert message.content.startswith(QUEUED)
