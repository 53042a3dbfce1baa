"""The option `server` of `/callnote`."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Member
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.note_messages import shows, told
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world


async def offered(world: World, typed: str = "", member: Member | None = None) -> list[str]:
    """Return the names of the servers that are offered."""
    choices = await world.discord.autocomplete(
        member or world.dispatcher,
        world.channel,
        "callnote",
        {"call": "1", "note": "x", "server": typed},
        focused="server",
        strict=True,
    )
    return [choice["name"] for choice in choices]


async def test_with_one_server_nobody_is_offered_any(world: World) -> None:
    await world.registered()
    assert await offered(world) == []


async def test_several_are_offered_by_number_and_name_to_dispatchers_alone(world: World) -> None:
    world.cad.add_server(2, "Night shift")
    world.cad.add_server(3, "@everyone " + "x" * 300)
    await world.registered()
    everything = await offered(world)
    assert everything[:2] == ["#1 · Rockford Main", "#2 · Night shift"]
    assert len(everything[2]) <= 100
    for typed in ("2", "#2", "night", "SHIFT"):
        assert await offered(world, typed) == ["#2 · Night shift"], typed
    assert await offered(world, member=world.civilian) == []


@pytest.mark.parametrize("server", ["#2", "night SHIFT "])
async def test_the_note_and_the_suggested_calls_are_of_that_server(
    world: World, server: str
) -> None:
    world.cad.add_server(2, "Night shift")
    world.cad.add_call(7, server_id=2, title="Elsewhere")
    await world.registered()
    typed = {"server": server, "call": ""}
    calls = await world.discord.autocomplete(
        world.dispatcher, world.channel, "callnote", typed, focused="call", strict=True
    )
    assert [call["name"] for call in calls] == ["#7 · Elsewhere · P2"]
    unknown = {"server": "Atlantis", "call": ""}
    assert not await world.discord.autocomplete(
        world.dispatcher, world.channel, "callnote", unknown, focused="call"
    )
    options = {"call": "7", "note": "over there", "server": server}
    used = await world.discord.use_command(
        world.dispatcher, world.channel, "callnote", options, strict=True
    )
    await told(world, used, "NOTE 'over there' added to call #7")
    assert [note.content for note in world.cad.notes(7, server_id=2)] == ["over there"]


async def test_an_unknown_name_is_refused_and_an_unknown_number_left_to_the_cad(
    world: World,
) -> None:
    await world.registered()
    for server, words in (
        ("Atlantis", "Callnote can't find a CAD server “Atlantis” now"),
        ("9", "❌ Not added"),
    ):
        used = await world.discord.use_command(
            world.dispatcher,
            world.channel,
            "callnote",
            {"call": "123", "note": server, "server": server},
        )
        message = await asyncio.wait_for(used.answered(), PATIENCE)
        await shows(world, message, words)
    assert world.stored() == []


async def test_a_name_is_not_called_wrong_while_the_list_cannot_be_loaded(world: World) -> None:
    world.cad.add_server(2, "Night shift")
    await world.registered()
    world.cad.faults.add(Fault(on="servers", times=None, status=500, body="no"))
    options = {"call": "123", "note": "over there", "server": "Night shift"}
    used = await world.discord.use_command(world.dispatcher, world.channel, "callnote", options)
    message = await asyncio.wait_for(used.answered(), PATIENCE)
    assert message.content.startswith("Callnote can't find a CAD server “Night shift” now")
    assert world.stored() == []
