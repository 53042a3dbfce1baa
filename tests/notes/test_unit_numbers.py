"""The name beside a note is the member's unit number, where the CAD can tell it in time."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Member
from bot.sandbox.sonoran import Fault
from tests.administrator import configure
from tests.loop_clock import let_pass
from tests.note_messages import told
from tests.notes.forms import opened, submitted
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long


async def started(world: World, version: int = 2, **periods: float) -> None:
    """Run a bot that looks unit numbers up, and waits for them as long as it takes."""
    world.let(**({"await_unit_number": PATIENCE} | periods))
    await world.start_with(version)


def label(world: World) -> str:
    """Return the name beside the last note that the CAD has."""
    return world.cad.notes(123)[-1].label


def reads(world: World) -> list[str]:
    return [each.kind for each in world.cad.requests if each.kind in ("account", "identifiers")]


async def send(world: World, note: str, member: Member | None = None) -> None:
    options = {"call": "123", "note": note}
    used = await world.discord.use_command(
        member or world.dispatcher, world.channel, "callnote", options
    )
    await world.final(used)


async def test_a_linked_member_has_the_number_of_the_selected_unit_asked_for_once(
    world: World,
) -> None:
    world.cad.link_account(world.dispatcher.user.id, "A-10", "D-2\u202e\n")
    await started(world)
    for note in ("one", "two", "three"):
        await send(world, note)
        assert label(world) == "D-2"
    assert reads(world) == ["account", "identifiers"]
    await let_pass(301.0)
    world.cad.link_account(world.dispatcher.user.id, "D-7")
    await send(world, "four")
    assert label(world) == "D-7"


@pytest.mark.parametrize("numbers", [None, (), (None,), ("",), ("\u200b",), ({"a": 1},), (True,)])
async def test_without_a_number_the_display_name_stands_there_and_nobody_asks_again(
    world: World, numbers: tuple[object, ...] | None
) -> None:
    if numbers is not None:
        world.cad.link_account(world.dispatcher.user.id, *numbers)
    await started(world)
    for note in ("one", "two"):
        await send(world, note)
        assert label(world) == "Dana D-2"
    assert reads(world) == ["account"] if numbers is None else ["account", "identifiers"]


async def test_a_huge_number_is_cut_and_a_plain_one_is_text(world: World) -> None:
    world.cad.link_account(world.dispatcher.user.id, "X" * 5000)
    kim = world.guild.add_member("kim", roles=[world.role])
    world.cad.link_account(kim.user.id, 17)
    await started(world)
    await send(world, "one")
    assert label(world) == "X" * 40
    await send(world, "two", kim)
    assert label(world) == "17"


async def test_a_slow_answer_delays_no_note_and_counts_a_minute_later(world: World) -> None:
    world.cad.link_account(world.dispatcher.user.id, "D-7")
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="account", applied=True, hold=held))
    await started(world, await_unit_number=0.01)
    await send(world, "one")
    assert label(world) == "Dana D-2"
    held.set()
    async with asyncio.timeout(PATIENCE):
        while "identifiers" not in reads(world):  # noqa: ASYNC110 - the CAD tells of notes alone
            await asyncio.sleep(0.01)
    await send(world, "two")
    assert label(world) == "Dana D-2"
    await let_pass(61.0)
    await send(world, "three")
    assert label(world) == "D-7"


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_trouble_is_not_asked_for_again_and_keeps_no_note(world: World, status: int) -> None:
    world.cad.faults.add(Fault(on="account", status=status, times=None))
    kim = world.guild.add_member("kim", roles=[world.role])
    await started(world)
    await send(world, "one")
    await send(world, "two")
    assert len(reads(world)) == 1
    await send(world, "three", kim)
    assert len(reads(world)) == (2 if status == 500 else 1)
    assert world.stored() == ["one", "two", "three"]


async def test_many_members_are_looked_up_within_the_cads_limit(world: World) -> None:
    people = [world.guild.add_member(f"d{n}", roles=[world.role]) for n in range(12)]
    for person in people:
        world.cad.link_account(person.user.id, f"U-{person.user.id}")
    await started(world)
    await asyncio.gather(*(send(world, f"note {n}", each) for n, each in enumerate(people)))
    assert reads(world).count("account") == 5
    assert len(world.stored()) == 12


async def test_version_1_tells_no_number_and_is_not_asked(world: World) -> None:
    world.cad.link_account(world.dispatcher.user.id, "D-7")
    await started(world, 1)
    await send(world, "one")
    assert label(world) == "Dana D-2"
    assert [each.kind for each in world.cad.requests] == ["note"]


async def test_an_administrator_switches_it_off_and_on(world: World) -> None:
    world.cad.link_account(world.dispatcher.user.id, "D-7")
    world.let(await_unit_number=PATIENCE)
    await world.registered()
    answer = await configure(world, "unit-numbers", {"on": False})
    assert answer.content.startswith("Members' display names stand beside their notes")
    await send(world, "one")
    assert label(world) == "Dana D-2"
    assert reads(world) == []
    answer = await configure(world, "unit-numbers", {"on": True})
    assert answer.content.startswith("Members' unit numbers stand beside their notes")
    form = await opened(world)
    await told(world, await submitted(world, form, call="123", note="two"), "added")
    assert label(world) == "D-7"
    changes = world.rows("SELECT what FROM setting_changes ORDER BY id")
    assert changes == [("unit numbers: off",), ("unit numbers: on",)]
