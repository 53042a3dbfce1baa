"""What the channel shows when the CAD does not add a note."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest

from bot.sandbox.sonoran import Fault
from tests import kept_bot
from tests.note_messages import ADDED, NOT_ADDED, labels, press, privately, public, shows, told
from tests.world import API_KEY, PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

# Of the module's scope, so that the tests with one version follow each other.
both_versions = pytest.mark.parametrize("version", [1, 2], scope="module")

PROBLEM = "application/problem+json"


def problem(status: int, detail: str) -> str:
    return json.dumps({"type": "about:blank", "title": "No", "status": status, "detail": detail})


@both_versions
async def test_a_refusal_is_shown_with_the_cads_words_and_advice(
    world: World, version: int
) -> None:
    await world.start_with(version)
    if version == 1:
        text, advice = "INVALID REQUEST TYPE", "SONORAN\\_API\\_VERSION"
        world.cad.faults.add(Fault(status=400, body=text, content_type="text/plain"))
    else:
        text, advice = "No such luck", "/callnote-config server"
        world.cad.faults.add(Fault(status=404, body=problem(404, text), content_type=PROBLEM))
    message = await world.say()
    first, second, third = message.content.split("\n")
    assert first == f"❌ Not added to call #123: {text}"
    assert advice in second
    assert third == "Your note: some note here"
    assert not message.ephemeral
    assert world.stored() == []


async def refused_at_once(world: World) -> str:
    """Let the dispatcher add notes until one is refused privately; returns what that says.

    Their texts differ, as a repetition is asked about privately, too.
    """
    numbers = itertools.count()
    async with asyncio.timeout(PATIENCE):
        while True:
            interaction = await world.use(f"another {next(numbers)}")
            message = await interaction.answered()
            if message.ephemeral:
                return await privately(world, interaction)


@both_versions
async def test_while_the_credentials_are_refused_notes_wait_and_new_ones_are_refused_in_words(
    world: World, version: int
) -> None:
    await world.start_with(version)
    if version == 1:
        text, advice = "API IS NOT ENABLED FOR THIS COMMUNITY", "enable the community's API"
        status, body, content_type = 400, text, "text/plain"
    else:
        text, advice = "No such luck", "whether the API key and plan allow notes"
        status, body, content_type = 403, problem(403, text), PROBLEM
    world.cad.faults.add(
        Fault(on="any", times=None, status=status, body=body, content_type=content_type)
    )
    await told(world, await world.use("first"), "⏳ Queued for call #123: Sonoran CAD refused Call")
    refused = await refused_at_once(world)
    assert refused.startswith(f"Not added: Sonoran CAD refuses Callnote's access ({text}). ")
    assert advice in refused
    assert "Callnote asks again in" in refused


async def test_a_note_that_alone_is_turned_down_has_try_again(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=403, body="error code: 1020", times=3))
    message = await world.say("first")
    first, second, _ = message.content.split("\n")
    assert first == "❌ Not added to call #123: error code: 1020"
    assert "press Try again" in second
    assert labels(message) == ["Try again"]
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, "NOTE 'first' added")


async def test_a_firewall_in_front_of_the_whole_cad_is_not_told_as_a_refused_key(
    world: World,
) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(on="any", status=403, body="error code: 1020", times=None))
    why = "a firewall in front of Sonoran CAD turned Callnote away; trying again"
    message = await told(world, await world.use(), f"⏳ Queued for call #123: {why}.")
    world.cad.faults.clear()
    await shows(world, message, ADDED)


async def test_the_log_has_the_cads_own_reference_for_a_refusal(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.start_with(2)
    headers = {"X-Trace-Id": "00-1f2e"}
    world.cad.faults.add(Fault(status=404, body="{}", headers=headers))
    await world.say()
    await world.finish()
    (line,) = [each for each in caplog.messages if "outcome=refused" in each]
    assert line.endswith("cause=RefusedError status=404 trace=00-1f2e")


@both_versions
async def test_a_rate_limited_note_is_sent_again_and_added_once(world: World, version: int) -> None:
    await world.start_with(version)
    headers = {} if version == 1 else {"Retry-After": "1"}
    world.cad.faults.add(Fault(status=429, body="Slow down", headers=headers))
    message = await world.say()
    assert message.content == ADDED
    assert len(world.cad.note_requests) == 2
    assert world.stored() == ["some note here"]


@both_versions
async def test_a_note_that_met_a_server_error_ends_in_the_cad_exactly_once(
    world: World, version: int
) -> None:
    stored = version == 1
    await world.start_with(version)
    page = "<!DOCTYPE html><h1>Bad gateway</h1>"
    world.cad.faults.add(Fault(status=500, body=page, content_type="text/html", applied=stored))
    message = await world.say()
    assert message.content == ADDED
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == (1 if stored else 2)
    assert public(world) == [message]


async def test_a_server_error_that_the_call_list_cannot_settle_is_unconfirmed_with_the_full_text(
    world: World,
) -> None:
    await world.start_with(2)
    page = "<!DOCTYPE html><h1>Bad gateway</h1>"
    world.cad.faults.add(Fault(status=502, body=page, content_type="text/html", applied=True))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    message = await world.say("one\ntwo")
    first, second, third = message.content.split("\n")
    assert first.startswith("❓ Not confirmed for call #123: ")
    assert "<h1>" not in first
    assert "web page" in first
    assert "look at the call" in second
    assert third == "Your note: one ↵ two"
    assert [file.content for file in message.attachments] == [b"one\ntwo"]
    assert labels(message) == ["Check again", "Send again", "Cancel"]
    assert len(world.cad.note_requests) == 1


@both_versions
async def test_a_success_that_does_not_name_the_call_is_looked_up(
    world: World, version: int
) -> None:
    """Version 1's names another one and the note is there; version 2's is no text, nor is it."""
    body, stored = ("NOTE 'x' added to call #124", True) if version == 1 else ("\xff\xfe", False)
    await world.start_with(version)
    world.cad.faults.add(Fault(status=200, body=body.encode("latin-1"), applied=stored))
    message = await world.say()
    assert message.content == ADDED
    assert world.stored() == ["some note here"]
    assert len(world.cad.note_requests) == (1 if stored else 2)


async def test_a_hostile_reply_shows_literally_and_pings_nobody(world: World) -> None:
    await world.start_with(1)
    hostile = "# NOTE 'x' added to call #1\n@everyone <@1> [a](https://x.test) ```" + "[" * 5000
    world.cad.faults.add(Fault(status=404, body=hostile, content_type="text/plain"))
    message = await world.say()
    assert message.content.startswith("❌ Not added to call #123: # NOTE 'x'")
    assert "\\[a" in message.content
    assert len(message.content) <= 2000
    assert not message.pings.everyone
    assert not message.pings.users


async def test_a_firewalls_page_does_not_count_as_a_refused_key(world: World) -> None:
    await world.start_with(2)
    page = "<html><h1>Blocked</h1></html>"
    world.cad.faults.add(Fault(status=403, body=page, content_type="text/html"))
    await world.say("first")
    await world.say("second")
    assert world.stored() == ["first", "second"]


@both_versions
async def test_a_key_that_the_cad_repeats_is_not_shown(world: World, version: int) -> None:
    await world.start_with(version)
    world.cad.faults.add(Fault(status=400, body=f'{{"request": {{"key": "{API_KEY}"}}}}'))
    message = await world.say()
    assert message.content.startswith("❌ Not added to call #123: ")
    assert API_KEY not in message.content


async def test_simultaneous_notes_with_a_wrong_key_cost_few_failed_requests(world: World) -> None:
    await world.start_with(2)
    world.cad.api_key = "another"
    interactions = await asyncio.gather(*(world.use(f"note {n}") for n in range(20)))
    for interaction in interactions:
        await interaction.answered()
    await refused_at_once(world)
    assert len(world.cad.requests) <= 3


@both_versions
async def test_what_something_in_front_of_the_cad_says_to_one_note_ends_nothing(
    world: World, version: int
) -> None:
    await world.start_with(version)
    status, body = 400, "<html>Bad request</html>"
    if version == 2:
        status, body = 404, '{"message": "no Route matched with those values", "request_id": "5a"}'
    world.cad.faults.add(Fault(status=status, body=body))
    assert (await world.say()).content == ADDED
    assert world.stored() == ["some note here"]


async def test_a_note_that_is_too_large_is_refused_whoever_says_so(world: World) -> None:
    await world.start_with(2)
    world.cad.faults.add(Fault(status=413, body="<html>Request entity too large</html>"))
    assert (await world.say()).content.startswith(NOT_ADDED)
