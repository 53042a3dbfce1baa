"""Administrators choose the CAD server by name, or by number when there is no list."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.sonoran import Fault
from bot.sandbox.sonoran.model import SERVER_ADDRESS
from tests import kept_guilds
from tests.administrator import choose, configure
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world


async def test_a_server_is_chosen_by_name_and_gets_the_next_note(world: World) -> None:
    world.cad.add_server(2, "Night shift")
    world.cad.add_call(123, server_id=2)
    await world.registered()
    shown = await configure(world, "server")
    (select,) = shown.selects
    assert [(each["value"], each.get("default", False)) for each in select["options"]] == [
        ("1", True),
        ("2", False),
    ]
    assert await choose(world, shown, "server", ["2"]) == "The CAD server is now 2 Night shift."
    await world.say("on the other server")
    assert [note.content for note in world.cad.notes(123, server_id=2)] == ["on the other server"]
    assert world.stored() == []


async def test_a_server_is_chosen_by_number(world: World) -> None:
    world.cad.add_server(2, "Night shift")
    await world.registered()
    message = await configure(world, "server", {"number": 2})
    assert message.content == "The CAD server is now 2 Night shift."


async def test_a_number_that_the_cad_does_not_have_is_refused(world: World) -> None:
    await world.registered()
    message = await configure(world, "server", {"number": 7})
    assert "there is no CAD server 7. Choose 1 " in message.content
    await world.say()
    assert world.stored() == ["some note here"]


async def test_without_a_list_a_number_is_taken_and_said_to_be_unchecked(world: World) -> None:
    world.cad.faults.add(Fault(on="servers", times=None, status=500, body="no"))
    await world.registered()
    shown = await configure(world, "server")
    assert shown.selects == []
    assert "type a number" in shown.content
    message = await configure(world, "server", {"number": 2})
    assert message.content.startswith(
        "The CAD server is now 2. Callnote can't load the server list"
    )


async def test_with_an_empty_list_a_number_is_taken_and_said_to_be_unchecked(world: World) -> None:
    world.cad.servers.clear()
    await world.registered()
    message = await configure(world, "server", {"number": 2})
    assert message.content.startswith(
        "The CAD server is now 2. Callnote can't load the server list"
    )


async def test_an_odd_entry_of_the_list_hides_no_other_and_lets_any_number_be_taken(
    world: World,
) -> None:
    entries = [{"id": 1, "name": "Main"}, {"id": "2", "name": "Night shift"}, None]
    world.cad.faults.add(Fault(on="servers", times=None, body=json.dumps({"servers": entries})))
    await world.registered()
    (select,) = (await configure(world, "server")).selects
    assert [each["label"] for each in select["options"]] == ["1 Main"]
    message = await configure(world, "server", {"number": 2})
    assert message.content.startswith("The CAD server is now 2. ")
    status = await configure(world, "status")
    assert "2; it may be in the CAD's list" in status.content


async def test_more_servers_than_discord_can_list_are_chosen_by_number(world: World) -> None:
    for number in range(2, 41):
        world.cad.add_server(number, f"Server {number}")
    await world.registered()
    shown = await configure(world, "server")
    (select,) = shown.selects
    assert len(select["options"]) == 25
    assert "too long to show in full" in shown.content
    message = await configure(world, "server", {"number": 40})
    assert message.content == "The CAD server is now 40 Server 40."


async def test_asking_often_costs_the_cad_one_request(world: World) -> None:
    await world.registered()
    for _ in range(5):
        await configure(world, "server")
    lists = [request for request in world.cad.requests if request.path.endswith("/servers")]
    assert len(lists) == 1


async def test_a_game_server_s_address_is_never_shown(world: World) -> None:
    await world.registered()
    shown = await configure(world, "server")
    (listed,) = [each for each in world.cad.servers.values() if each.server_id == 1]
    payload = str(shown.payload())
    assert listed.name in payload
    assert SERVER_ADDRESS not in payload
