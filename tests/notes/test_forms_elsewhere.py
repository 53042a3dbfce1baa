"""The form for a note where calls, processes or servers are others."""

from __future__ import annotations

import pytest

from bot.sandbox.discord import ActionRefusedError, Interaction
from bot.sandbox.discord.component_validation import SELECTS, TEXT_INPUT
from bot.sandbox.discord.errors import JSON
from bot.sandbox.forms import form_fields
from bot.sandbox.sonoran import Fault
from tests.note_messages import public, told
from tests.notes.forms import (
    ADDRESS,
    MENU,
    PICTURE,
    answered,
    opened,
    prefilled,
    ready,
    submitted,
)
from tests.world import World


async def test_the_calls_that_a_message_names_come_first_and_the_only_one_is_chosen(
    world: World,
) -> None:
    for number in range(200, 230):
        world.cad.add_call(number)
    await ready(world)

    def options(asked: Interaction) -> list[JSON]:
        return list(form_fields(asked)["call"]["options"])

    footer = {"footer": {"text": "dana | 5 | 123 | 1"}, "title": "New call"}
    posted = world.discord.post_by_webhook(world.channel, "Sonoran", "", embeds=[footer])
    shown = options(await opened(world, posted))
    assert len(shown) == 25
    assert [(each["value"], each.get("default")) for each in shown[:2]] == [
        ("123", True),
        ("229", False),
    ]
    both = options(
        await opened(world, world.discord.post(world.civilian, world.channel, "#201 or #202?"))
    )
    assert [each["value"] for each in both[:3]] == ["201", "202", "229"]
    assert not any(each.get("default") for each in both)
    thread = world.guild.add_thread("pursuit #203", world.channel)
    (asked, *_) = [await opened(world, world.discord.post(world.civilian, thread, "x"))]
    assert options(asked)[0]["value"] == "203"


async def test_a_form_may_be_submitted_after_a_restart_and_after_long(world: World) -> None:
    await ready(world)
    asked = await opened(world)
    await world.restart()
    world.clock.later(3600)
    await told(world, await submitted(world, asked, call="123", note="late"), "call #123")
    assert world.stored() == ["late"]


async def test_without_any_call_known_the_form_asks_for_the_number(world: World) -> None:
    world.cad.faults.add(Fault(on="calls", status=500))
    await ready(world)
    asked = await opened(world)
    assert set(form_fields(asked)) == {"number", "note"}
    with pytest.raises(ActionRefusedError):
        await submitted(world, asked, note="x")
    await told(world, await submitted(world, asked, number="123", note="x"), "call #123")


async def test_in_a_server_that_is_not_connected_the_text_is_given_back(world: World) -> None:
    await world.start()
    strange = world.discord.add_guild("Paleto Bay")
    sam = strange.add_member("sam", roles=[strange.add_role("Dispatcher")])
    texts = {"number:00000000445566aa": "123", "note:00000000445566aa": "my text"}
    form = await world.discord.forge_form(
        sam, strange.add_channel("x"), "callnote-form:1:0:00000000445566aa", texts
    )
    message = await answered(form)
    assert message.content.endswith("\nYour note: my text")
    assert form.messages == [message]
    posted = world.discord.post(sam, next(iter(strange.channels.values())), "Hello")
    asked = await world.discord.use_message_command(sam, posted, MENU, strict=False)
    assert "not connected" in (await answered(asked)).content
    assert asked.modal is None
    assert len(form.callbacks) == 1
    assert world.cad.requests == []


async def test_for_whoever_may_not_add_notes_the_cad_is_asked_nothing(world: World) -> None:
    await ready(world)
    before = len(world.cad.requests)
    posted = world.discord.post(world.dispatcher, world.channel, "Hello")
    asked = await world.discord.use_message_command(world.civilian, posted, MENU)
    assert "you need one of these roles" in (await answered(asked)).content
    assert len(world.cad.requests) == before


async def test_every_field_is_within_what_discord_takes(world: World) -> None:
    for number in range(200, 260):
        world.cad.add_call(number, title="@everyone\n" + "😀" * 300, address="x" * 5000)
    await ready(world)
    embeds = [{"title": "😀" * 256, "description": "x" * 1000} for _ in range(4)]
    message = world.discord.post(
        world.civilian, world.channel, "😀" * 2000, embeds=embeds, files=[PICTURE] * 10
    )
    asked = await opened(world, message)
    for component in form_fields(asked).values():
        assert component["type"] in {TEXT_INPUT, *SELECTS}
    text = prefilled(asked)
    assert len(text.encode("utf-16-le")) // 2 <= 4000
    assert text.count(ADDRESS) == 10
    await told(world, await submitted(world, asked, call="259"), "call #259")
    assert world.stored(259) == [text]


async def test_two_instances_take_a_form_once(world: World) -> None:
    await ready(world)
    await world.start()
    asked = await opened(world)
    await told(world, await submitted(world, asked, call="123", note="once"), "added to call #123")
    assert world.stored() == ["once"]
    assert len(public(world)) == 1
