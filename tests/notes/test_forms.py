"""The form for a note, from a message's menu and empty, driven as Discord drives it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from bot.sandbox.discord import Fault
from bot.sandbox.forms import form_fields
from tests import kept_bot
from tests.note_messages import labels, press, public, told
from tests.notes.forms import (
    ADDRESS,
    MENU,
    PICTURE,
    answered,
    link,
    opened,
    prefilled,
    ready,
    submitted,
)
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world


async def test_a_message_becomes_a_note_with_its_author_its_time_and_its_link(
    world: World,
) -> None:
    await ready(world)
    message = world.discord.post(
        world.civilian, world.channel, "Suspect went north", files=[PICTURE]
    )
    asked = await opened(world, message)
    assert asked.modal is not None
    assert asked.modal["title"] == MENU
    assert set(form_fields(asked)) == {"call", "number", "note"}
    text = prefilled(asked)
    lines = text.split("\n")
    assert re.fullmatch(r"casey wrote, \d{4}-\d\d-\d\d \d\d:\d\d UTC:", lines[0])
    assert lines[1:] == ["Suspect went north", ADDRESS, link(world, message)]
    answer = await told(world, await submitted(world, asked, call="123"), "added to call #123")
    assert not answer.ephemeral
    assert world.stored() == [text]


async def test_the_text_can_be_edited_and_a_typed_number_counts(world: World) -> None:
    world.cad.add_call(124)
    await ready(world)
    asked = await opened(world, world.discord.post(world.civilian, world.channel, "Hello"))
    text = r"One\nstays one line" + "\ntwo"
    await told(
        world, await submitted(world, asked, call="123", number="#124", note=text), "call #124"
    )
    assert world.stored(124) == [text]
    assert world.stored(123) == []


async def test_a_form_from_a_command_is_empty_and_takes_long_notes(world: World) -> None:
    await ready(world)
    asked = await opened(world)
    assert prefilled(asked) == ""
    note = "word " * 800
    await told(world, await submitted(world, asked, call="123", note=note), "call #123")
    assert world.stored() == [note.strip()]


async def test_no_two_forms_have_an_id_in_common(world: World) -> None:
    await ready(world)
    message = world.discord.post(world.civilian, world.channel, "Hello")
    forms = [await opened(world, message), await opened(world, message), await opened(world)]
    ids = [
        component["custom_id"]
        for asked in forms
        for component in [asked.modal or {}, *form_fields(asked).values()]
    ]
    assert len(set(ids)) == len(ids) == 12


async def test_a_forwarded_message_gives_its_text_and_its_time(world: World) -> None:
    await ready(world)
    other = world.guild.add_channel("tips")
    embed = {
        "title": "Plate",
        "description": "ABC 123",
        "fields": [{"name": "Colour", "value": "red"}],
    }
    first = world.discord.post(world.civilian, other, "Look", embeds=[embed], files=[PICTURE])
    text = prefilled(
        await opened(world, world.discord.forward(world.dispatcher, world.channel, first))
    )
    lines = text.split("\n")
    assert lines[0].startswith("dana wrote, ")
    assert re.fullmatch(r"Forwarded message, \d{4}-\d\d-\d\d \d\d:\d\d UTC:", lines[1])
    assert lines[2:7] == ["Look", ADDRESS, "Plate", "ABC 123", "Colour: red"]


async def test_a_message_without_text_says_so_and_version_2_components_have_theirs(
    world: World,
) -> None:
    await ready(world)
    hidden = world.discord.post(
        world.civilian, world.channel, "", embeds=[{"image": {"url": "https://a.co/b.png"}}]
    )
    assert "\n(The message has no text.)\n" in prefilled(await opened(world, hidden))
    shown = [{"type": 17, "components": [{"type": 10, "content": "in a box"}]}]
    boxed = world.discord.post(world.civilian, world.channel, "", components=shown)
    assert "\nin a box\n" in prefilled(await opened(world, boxed))


async def test_a_mention_has_the_name_that_discord_sent_with_the_message(world: World) -> None:
    await ready(world)
    text = f"ask {world.admin.mention} or <@&{world.role.id}> in <#{world.channel.id}> or <@123>"
    message = world.discord.post(world.civilian, world.channel, text)
    assert "\nask @alex or @Dispatcher in #dispatch or <@123>\n" in prefilled(
        await opened(world, message)
    )


async def test_the_same_message_for_the_same_call_asks_first_whoever_sends_it(
    world: World,
) -> None:
    world.cad.add_call(124)
    kim = world.guild.add_member("kim", roles=[world.role])
    await ready(world)
    message = world.discord.post(world.civilian, world.channel, "Suspect went north")
    await told(world, await submitted(world, await opened(world, message), call="123"), "added")
    again = await opened(world, message, kim)
    question = await answered(await submitted(world, again, kim, call="123", note="in my words"))
    assert question.content.startswith("This message was sent to call #123 already, ")
    assert question.content.endswith("Your note: in my words")
    assert labels(question) == ["Add anyway"]
    other = await submitted(world, await opened(world, message, kim), kim, number="124")
    await told(world, other, "added to call #124")
    await told(world, await press(world, kim, question, "Add anyway"), "added to call #123")
    assert world.stored()[1:] == ["in my words"]
    third = await submitted(world, await opened(world, message), call="123")
    assert "already" in (await answered(third)).content


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Not added: no call was chosen."),
        ({"number": "the robbery"}, "A call number is a whole number"),
        ({"call": "123", "note": "\u200b \u2800"}, "The note is empty"),
    ],
)
async def test_what_is_wrong_is_answered_privately(
    world: World, values: dict[str, str], words: str
) -> None:
    await ready(world)
    asked = await opened(world)
    answer = await answered(await submitted(world, asked, None, **({"note": "my text"} | values)))
    assert words in answer.content
    if "note" not in values:
        assert answer.content.endswith("\nYour note: my text")
    assert answer.attachments == []
    assert world.stored() == []


async def test_a_long_text_is_given_back_whole(world: World) -> None:
    await ready(world)
    text = "*line* of text\n" * 250
    answer = await answered(await submitted(world, await opened(world), note=text))
    assert answer.content.startswith("Not added: no call was chosen.")
    assert [file.content.decode() for file in answer.attachments] == [text.strip()]


@pytest.mark.parametrize(
    "text",
    ["my *text* \\o/ @here #5 1. ~~x~~ [a](b)", "*line* 😀\n" * 400],
    ids=["shown", "attached and shortened"],
)
async def test_a_refused_form_can_be_opened_again_with_its_text(world: World, text: str) -> None:
    await ready(world)
    message = world.discord.post(world.civilian, world.channel, "Hello")
    asked = await opened(world, message)
    answer = await answered(await submitted(world, asked, note=text))
    assert labels(answer) == ["Try again"]
    again = await press(world, world.dispatcher, answer, "Try again")
    await asyncio.wait_for(again.acknowledged(), PATIENCE)
    assert prefilled(again) == text.strip()
    await told(world, await submitted(world, again, call="123"), "added to call #123")
    assert world.stored() == [text.strip()]
    third = await answered(await submitted(world, await opened(world, message), call="123"))
    assert third.content.startswith("This message was sent to call #123 already")


async def test_a_text_that_discord_refuses_to_show_is_given_back_as_a_file(world: World) -> None:
    await ready(world)
    asked = await opened(world)
    world.discord.faults.add(
        Fault("callback", 400, applied=False, body={"code": 200000, "message": "no"})
    )
    answer = await answered(await submitted(world, asked, note="my text"))
    assert "my text" not in answer.content
    assert [file.content.decode() for file in answer.attachments] == ["my text"]


async def test_a_repeated_text_that_discord_refuses_to_show_is_asked_about_without_it(
    world: World,
) -> None:
    await ready(world)
    await told(world, await submitted(world, await opened(world), call="123", note="x"), "added")
    asked = await opened(world)
    world.discord.faults.add(
        Fault("callback", 400, applied=False, body={"code": 200000, "message": "no"})
    )
    question = await answered(await submitted(world, asked, call="123", note="x"))
    assert question.content.endswith("Look at the first message.")
    await told(world, await press(world, world.dispatcher, question, "Add anyway"), "added")
    assert world.stored() == ["x", "x"]


async def test_a_text_that_discord_does_not_give_again_is_said_so(world: World) -> None:
    await ready(world)
    answer = await answered(await submitted(world, await opened(world), note="x\ny"))
    answer.attachments[:] = [replace(answer.attachments[0], base="http://127.0.0.1:1")]
    pressed = await press(world, world.dispatcher, answer, "Try again")
    assert "copy it from above" in (await answered(pressed)).content


async def test_roles_are_checked_when_it_opens_and_when_it_is_submitted(world: World) -> None:
    await ready(world)
    message = world.discord.post(world.civilian, world.channel, "Hello")
    asked = await world.discord.use_message_command(world.civilian, message, MENU)
    assert "you need one of these roles" in (await answered(asked)).content
    assert asked.modal is None
    form = await opened(world)
    world.dispatcher.roles.clear()
    answer = await answered(await submitted(world, form, call="123", note="my text"))
    assert "you need one of these roles" in answer.content
    assert answer.content.endswith("\nYour note: my text")
    assert world.stored() == []


async def test_a_call_closed_in_between_keeps_the_text(world: World) -> None:
    await ready(world)
    asked = await opened(world)
    world.cad.close_call(123)
    answer = await told(world, await submitted(world, asked, call="123", note="too late"), "❌")
    assert "Your note: too late" in answer.content


async def test_a_message_deleted_in_between_still_becomes_a_note(world: World) -> None:
    await ready(world)
    message = world.discord.post(world.civilian, world.channel, "Hello")
    asked = await opened(world, message)
    world.discord.world.messages.delete(message)
    await told(world, await submitted(world, asked, call="123"), "added to call #123")


async def test_a_forged_form_is_a_refusal_at_most(world: World) -> None:
    await world.start()
    form = "callnote-form:1:99999999999999999999:00000000445566aa"
    texts = {"number:00000000445566aa": "123", "note:00000000445566aa": "forged"}
    forged = await world.discord.forge_form(world.dispatcher, world.channel, form, texts)
    await told(world, forged, "added to call #123")
    other = {"number:00000000445566ab": "123", "note:00000000445566ab": "other"}
    answer = await answered(
        await world.discord.forge_form(world.dispatcher, world.channel, form, other)
    )
    assert "no call was chosen" in answer.content
    assert len(public(world)) == 1
