"""What Discord offers while a call's number is typed: live calls, to dispatchers alone."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Member
from bot.sandbox.discord.command_use import ActionRefusedError
from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.loop_clock import let_pass, rest
from tests.world import World

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
keeper = kept_guilds.keeper
world = kept_guilds.world


async def offered(
    world: World, typed: str = "", member: Member | None = None, command: str = "callnote"
) -> list[str]:
    """Return the names of what is offered to a member, the dispatcher unless another is named."""
    choices = await world.discord.autocomplete(
        member or world.dispatcher,
        world.channel,
        command,
        {"call": typed},
        focused="call",
        strict=True,
    )
    assert all(choice["name"].startswith(f"#{choice['value']}") for choice in choices)
    return [choice["name"] for choice in choices]


def reads(world: World) -> int:
    return sum(request.kind == "calls" for request in world.cad.requests)


async def test_live_calls_are_offered_by_number_and_words_the_newest_first(world: World) -> None:
    world.cad.add_call(
        124, title="Robbery", code="10-31", address="77 Vinewood Blvd", priority=1, postal="305"
    )
    world.cad.add_call(99, title="Old")
    world.cad.close_call(99)
    world.cad.add_call(5, server_id=1, title="")
    await world.registered()
    robbery = "#124 · 10-31 Robbery · 77 Vinewood Blvd · P1"
    stop = "#123 · Traffic stop · P2"
    assert await offered(world) == [robbery, stop, "#5 · P2"]
    for typed in ("124", "#124", "vine", "VINWOOD", "305", "10-31"):
        assert await offered(world, typed) == [robbery], typed
    assert await offered(world, "12") == [robbery, stop]
    assert await offered(world, "vine", command="call") == [robbery]
    assert await offered(world, "99") == ["#99 · Old · closed · P2"]
    assert await offered(world, "old") == await offered(world, "4711") == []
    assert reads(world) == 1


async def test_whoever_may_add_no_notes_is_offered_nothing_and_nothing_is_read(
    world: World,
) -> None:
    await world.registered()
    administrator = world.guild.add_member("root", permissions=ADMINISTRATOR)
    for member in (world.civilian, world.admin, administrator):
        assert await offered(world, "123", member) == []
    other = world.discord.add_guild(name="Paleto Bay")
    stranger = other.add_member("sam", roles=[other.add_role("Dispatcher")])
    channel = other.add_channel("dispatch")
    choices = await world.discord.autocomplete(
        stranger, channel, "callnote", {"call": "1"}, focused="call"
    )
    assert choices == []
    assert await offered(world, "1", administrator, "callnote-config history") == []
    assert reads(world) == 0
    administrator.roles.append(world.role)
    assert await offered(world, "1", administrator, "callnote-config history") != []


async def test_the_members_last_calls_come_first_then_the_channels_also_after_a_restart(
    world: World,
) -> None:
    for number in (124, 125, 126):
        world.cad.add_call(number)
    kim = world.guild.add_member("kim", roles=[world.role])
    await world.registered()
    await world.say("one", "124")
    await world.discord.use_command(kim, world.channel, "callnote", {"call": "123", "note": "two"})
    expected = ["#124 · P2", "#123 · Traffic stop · P2", "#126 · P2", "#125 · P2"]
    assert await offered(world) == expected
    await world.settled()
    await world.restart()
    assert await offered(world) == expected
    assert (await offered(world, "12", kim))[:2] == [expected[1], expected[0]]


async def test_many_people_typing_cause_one_read_in_20_seconds_and_delay_no_note(
    world: World,
) -> None:
    await world.registered()
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
    people = [world.guild.add_member(f"d{n}", roles=[world.role]) for n in range(12)]
    typing = [
        asyncio.create_task(offered(world, typed, member))
        for member in people
        for typed in ("t", "tra")
    ]
    added = await world.say()  # while the read is under way
    assert added.content.startswith("NOTE 'some note here' added to call #123")
    held.set()
    assert all(found == ["#123 · Traffic stop · P2"] for found in await asyncio.gather(*typing))
    assert reads(world) == 1
    await let_pass(21.0)
    await asyncio.gather(*(offered(world, "x", member) for member in people))
    await rest()  # the read that they caused, which none of them waits for
    assert reads(world) == 2


async def test_a_cad_in_trouble_leaves_what_was_known_with_its_age(world: World) -> None:
    await world.registered()
    world.cad.faults.add(Fault(on="calls", status=500))
    assert await offered(world) == []
    await let_pass(41.0)
    assert await offered(world) == ["#123 · Traffic stop · P2"]
    await world.cad.stop()
    await let_pass(240.0)
    (line,) = await offered(world)
    assert line.startswith("#123 · Traffic stop · P2 · ")
    assert line.endswith(" min ago")


async def test_hostile_calls_are_offered_within_discords_limits(world: World) -> None:
    for number in range(200, 260):
        world.cad.add_call(
            number,
            title="@everyone\n" + "😀" * 300,
            address="\u202e" + "x" * 5000,
            extra={"priority": ["?"], "code": None, "notes": "old", "idents": {}},
        )
    await world.registered()
    found = await offered(world)
    assert len(found) == 25
    assert found[0].startswith("#259 · @everyone 😀")


async def test_what_is_typed_is_sent_as_typed(world: World) -> None:
    world.cad.add_call(1234)
    await world.registered()
    assert len(await offered(world, "123")) == 2
    await world.say(call="123")
    assert world.stored(123) == ["some note here"]
    assert world.stored(1234) == []


async def test_only_the_options_for_a_call_are_asked_about(world: World) -> None:
    await world.registered()
    with pytest.raises(ActionRefusedError):
        await world.discord.autocomplete(
            world.dispatcher, world.channel, "callnote", {"note": "x"}, focused="note", strict=True
        )


async def test_of_two_instances_one_is_heard(world: World) -> None:
    await world.start()
    await world.registered()
    for _ in range(3):
        assert await offered(world, "123") == ["#123 · Traffic stop · P2"]
