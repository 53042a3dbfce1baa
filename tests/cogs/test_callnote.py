"""`/callnote` from Discord to the CAD and back, when all goes well."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.discord.markdown import render
from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.world import API_KEY, COMMUNITY, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

# Of the module's scope, so that the tests with one version follow each other.
both_versions = pytest.mark.parametrize("version", [1, 2], scope="module")


async def test_the_note_is_echoed_in_the_channel(world: World) -> None:
    await world.start()
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    assert not message.ephemeral
    assert world.stored() == ["some note here"]


async def test_version_1_gets_exactly_the_documented_request(world: World) -> None:
    await world.start_with(1)
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    (request,) = world.cad.requests
    assert (request.method, request.path) == ("POST", "/emergency/add_call_note")
    assert json.loads(request.body) == {
        "id": COMMUNITY,
        "key": API_KEY,
        "type": "ADD_CALL_NOTE",
        "data": [{"serverId": 1, "callId": 123, "note": "some note here", "label": "Dana D-2"}],
    }


async def test_version_2_gets_exactly_the_documented_request(world: World) -> None:
    await world.start_with(2)
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    (request,) = world.cad.requests
    assert request.method == "POST"
    assert request.path == "/v2/emergency/servers/1/dispatch-calls/123/notes"
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["authorization"] == f"Bearer {API_KEY}"
    assert headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "note": "some note here",
        "noteType": "text",
        "label": "Dana D-2",
    }


async def test_a_cad_without_version_2_is_spoken_to_in_version_1(world: World) -> None:
    world.cad.versions = {1}
    await world.start()
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize("call", ["#123", " 123 ", "0123"])
async def test_a_call_number_may_be_written_as_people_do(world: World, call: str) -> None:
    await world.start_with(2)
    await world.say(call=call)
    assert world.stored() == ["some note here"]


@pytest.mark.parametrize(
    ("note", "stored", "shown"),
    [
        ("one\ntwo", "one\ntwo", "one ↵ two"),
        ("one\r\ntwo", "one\ntwo", "one ↵ two"),
        ("  spaces around  ", "spaces around", "spaces around"),
        ("שלום לכולם", "שלום לכולם", "שלום לכולם"),
        ("🚓 chase, 日本語", "🚓 chase, 日本語", "🚓 chase, 日本語"),
        ("nul\x00 bell\x07 over\u202eride", "nul bell override", "nul bell override"),
        ("**bold** `code`", "**bold** `code`", "**bold** `code`"),
        ("' added to call #999", "' added to call #999", "' added to call #999"),
        ("@everyone https://x.test", "@everyone https://x.test", "@everyone https://x.test"),
        ("\ud83d half", "\ufffd half", "\ufffd half"),
    ],
)
async def test_any_text_reaches_the_cad_and_shows_literally(
    world: World, note: str, stored: str, shown: str
) -> None:
    await world.start_with(2)
    message = await world.say(note)
    assert world.stored() == [stored]
    rendered = render(message.content)
    assert rendered.text == f"NOTE '{shown}' added to call #123"
    assert not rendered.features
    assert not message.pings.everyone
    assert not message.pings.users
    assert not message.pings.roles


@both_versions
async def test_a_long_note_is_stored_whole_and_shown_shortened(world: World, version: int) -> None:
    await world.start_with(version)
    note = "**x** " * 660 + "the end 🚓, 日本語"
    message = await world.say(note)
    assert world.stored() == [note]
    assert len(message.content) <= 2000
    assert "shortened" in message.content
    assert message.content.endswith("the end 🚓, 日本語' added to call #123")


async def test_mentions_reach_the_cad_as_names(world: World) -> None:
    await world.start_with(2)
    await world.say(
        f"<@{world.civilian.id}> and <@!{world.dispatcher.id}> of <@&{world.role.id}> "
        f"in <#{world.channel.id}>, not <@1> <@&2> <#3>"
    )
    assert world.stored() == [
        "@casey and @Dana D-2 of @Dispatcher in #dispatch, not @unknown @unknown #unknown"
    ]


async def test_a_channel_outside_the_cache_is_looked_up_but_for_the_commands_own(
    world: World,
) -> None:
    await world.start_with(2)
    announce, world.guild.announce = world.guild.announce, lambda event, data: None
    here, there = world.guild.add_channel("here"), world.guild.add_channel("there")
    world.guild.announce = announce
    options = {"call": "123", "note": f"from <#{here.id}> to <#{there.id}>"}
    await world.final(await world.discord.use_command(world.dispatcher, here, "callnote", options))
    assert world.stored() == ["from #here to #there"]
    asked = [each.path for each in world.discord.requests if each.route == "get_channel"]
    assert asked == [f"/channels/{there.id}"]


async def test_a_channel_of_another_server_is_not_named(world: World) -> None:
    await world.start_with(2)
    secret = world.discord.add_guild(name="Elsewhere").add_channel("secret")
    await world.say(f"see <#{secret.id}>")
    assert world.stored() == ["see #unknown"]


async def test_times_reach_the_cad_in_the_zone_of_the_settings(world: World) -> None:
    world.config = replace(world.config, time_zone=ZoneInfo("America/Chicago"))
    await world.start_with(2)
    await world.say("seen <t:1618953630:t>, see </callnote:1>")
    assert world.stored() == ["seen 16:20 CDT, see /callnote"]


async def test_times_reach_the_cad_in_the_communitys_zone_where_the_settings_name_none(
    world: World,
) -> None:
    world.cad.time_zone = "America/Chicago"
    await world.start()
    for text in ("first <t:1618953630:t>", "then <t:1618957230:t>", "no time"):
        await world.say(text)
    assert world.stored() == ["first 16:20 CDT", "then 17:20 CDT", "no time"]
    assert sum(request.kind == "info" for request in world.cad.requests) == 1


async def test_a_cad_that_does_not_tell_its_zone_keeps_no_note_back(world: World) -> None:
    world.cad.time_zone = "America/Chicago"
    world.cad.faults.add(Fault(on="info", times=None, status=500))
    await world.start()
    await world.say("seen <t:1618953630:t>")
    assert world.stored() == ["seen 21:20 UTC"]


async def test_many_members_are_looked_up_within_bounds(world: World) -> None:
    await world.start_with(2)
    await world.say(" ".join(f"<@{number}>" for number in range(1, 101)))
    looked_up = [request for request in world.discord.requests if "/members/" in request.path]
    assert len(looked_up) == 10
    assert world.stored() == [" ".join(["@unknown"] * 100)]


async def test_simultaneous_notes_are_each_stored_and_answered_once(world: World) -> None:
    await world.start_with(2)
    notes = [f"note {number}" for number in range(25)]
    interactions = await asyncio.gather(*map(world.use, notes))
    messages = await asyncio.gather(*map(world.final, interactions))
    assert sorted(world.stored()) == sorted(notes)
    assert [message.content for message in messages] == [
        f"NOTE '{note}' added to call #123" for note in notes
    ]
    assert [len(each.messages) for each in interactions] == [1] * 25
