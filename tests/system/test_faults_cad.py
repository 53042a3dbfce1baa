"""Whatever the CAD does to a note, it ends there once and in order, and its message says so.

Every cell of the matrix looks at both ends: what the CAD stored and what the channel shows.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from bot.app import services
from bot.sandbox.sonoran import Fault
from bot.sonoran import ApiVersion, Transport
from tests import kept_bot
from tests.note_messages import (
    NOT_ADDED,
    QUEUED,
    labels,
    out_of_time,
    press,
    public,
    shows,
    told,
)
from tests.system.cad_faults import PAGE, added, cells, sent_one_after_the_other
from tests.world import LIMITS, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_bot.keeper
world = kept_bot.world

STORED = {
    "reset after storing": Fault(abort="before", applied=True),
    "endless reply": Fault(oversize=200_000, applied=True),
    "504": Fault(status=504, applied=True),
    "a login page": Fault(status=200, body=PAGE, content_type="text/html", applied=True),
}
NOT_STORED = {
    "reset after the headers": Fault(abort="after_headers"),
    "not UTF-8": Fault(status=200, body=b"\xff\xfe\x00NOTE"),
    "408": Fault(status=408),
    "500 in HTML": Fault(status=500, body=PAGE, content_type="text/html"),
}
WITHOUT_EFFECT = {
    "429 in HTML": Fault(status=429, body=PAGE, content_type="text/html"),
    "429 with a delay": Fault(status=429, body="Slow down", headers={"Retry-After": "1"}),
    "sent elsewhere": Fault(status=307, headers={"Location": "/elsewhere"}),
}


@cells(STORED, with_1="a login page")
async def test_notes_are_there_once_and_in_order_when_the_first_was_stored_without_an_answer(
    world: World, version: int, fault: Fault
) -> None:
    await world.start_with(version)
    world.cad.faults.add(fault)
    assert await sent_one_after_the_other(world) == added()
    assert world.stored() == ["note 0", "note 1"]
    assert len(world.cad.note_requests) == 2


@cells(NOT_STORED, with_1="500 in HTML")
async def test_notes_are_there_once_and_in_order_when_the_first_got_lost(
    world: World, version: int, fault: Fault
) -> None:
    await world.start_with(version)
    world.cad.faults.add(fault)
    assert await sent_one_after_the_other(world) == added()
    assert world.stored() == ["note 0", "note 1"]
    assert len(world.cad.note_requests) == 3


@cells(WITHOUT_EFFECT, with_1="429 with a delay")
async def test_notes_are_there_once_and_in_order_when_the_first_was_put_off(
    world: World, version: int, fault: Fault
) -> None:
    await world.start_with(version)
    world.cad.faults.add(fault)
    assert await sent_one_after_the_other(world) == added()
    assert world.stored() == ["note 0", "note 1"]
    assert len(world.cad.note_requests) == 3
    assert not [each for each in world.cad.requests if each.kind == "calls"]


async def test_notes_are_there_once_and_in_order_when_all_kinds_of_faults_follow_each_other(
    world: World,
) -> None:
    await world.start_with(2)
    for fault in (Fault(status=429), Fault(status=500), Fault(abort="before", applied=True)):
        for _ in range(3):
            world.cad.faults.add(fault)
    assert await sent_one_after_the_other(world, 5) == added(5)
    assert world.stored() == [f"note {n}" for n in range(5)]


async def test_notes_are_there_once_and_in_order_after_refused_connections(world: World) -> None:
    await world.start_with(2)
    await world.cad.stop()
    messages = []
    for n in range(3):
        messages.append(await told(world, await world.use(f"note {n}"), QUEUED))
    assert [message.content.split("\n")[0] for message in messages] == [
        "⏳ Queued for call #123: Sonoran CAD is not answering; trying again."
    ] * 3
    await world.cad.start()
    for message, content in zip(messages, added(3), strict=True):
        await shows(world, message, content)
    assert world.stored() == ["note 0", "note 1", "note 2"]
    assert len(world.cad.note_requests) == 3
    assert public(world) == messages


async def test_a_note_is_given_up_and_kept_when_the_cad_cannot_even_be_found(world: World) -> None:
    world.config = replace(
        world.config,
        sonoran_api_url="https://cad.invalid",
        limits=replace(world.config.limits, give_up_seconds=1),
    )
    await world.start_with(2)
    message = await world.say()
    first, second, third = message.content.split("\n")
    assert first == NOT_ADDED + "Sonoran CAD cannot be reached"
    assert "press Try again within a day" in second.replace("Press", "press")
    assert third == "Your note: some note here"
    assert labels(message) == ["Try again"]
    assert world.cad.requests == []
    assert public(world) == [message]


async def test_a_note_is_tried_again_in_vain_and_then_with_success(world: World) -> None:
    await world.start_with(2)
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, QUEUED)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    await world.cad.start()
    await press(world, world.dispatcher, message, "Try again")
    await shows(world, message, "NOTE '")
    assert world.stored() == ["some note here"]
    assert public(world) == [message]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        (Fault(hold=asyncio.Event()), 3),
        (Fault(applied=True, delay=0.7, survives_disconnect=True), 2),
    ],
    ids=["before storing", "and storing late"],
)
async def test_notes_are_there_once_and_in_order_after_a_time_out(
    world: World, fault: Fault, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = partial(Transport, connect_seconds=0.5, total_seconds=0.5)
    monkeypatch.setattr(services, "Transport", hasty)
    limits = replace(LIMITS, settle_seconds=1.0)
    world.config = replace(world.config, limits=limits, api_version=ApiVersion.V2)
    async with world.bot_until_killed():
        world.cad.faults.add(fault)
        assert await sent_one_after_the_other(world) == added()
        assert world.stored() == ["note 0", "note 1"]
        assert len(world.cad.note_requests) == requests
