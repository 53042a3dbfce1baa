"""The name beside a note is the member's unit number, where the CAD can tell it in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import aiohttp
import discord
import pytest

from bot.notes.unit_numbers import NoteLabels
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.settings.cache import SettingsCache
from bot.settings.repository import SettingsRepository
from bot.sonoran import ApiVersion, SonoranClient, Transport
from bot.storage import Database
from tests import database as databases
from tests import sonoran_client
from tests.administrator import configure, status
from tests.loop_clock import let_pass
from tests.note_messages import told
from tests.notes.forms import opened, submitted
from tests.settings_cache import cache_of
from tests.sonoran_client import CREDENTIALS
from tests.timing import QUICK
from tests.world import PATIENCE, World

address = databases.address
database = databases.database
cad = sonoran_client.cad
session = sonoran_client.session

CLIENT = discord.Client(intents=discord.Intents.none())
NUMBERS = count(100)


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
async def settings(database: Database) -> SettingsCache:
    cache = cache_of(SettingsRepository(database))
    await cache.refresh()
    return cache


Make = Callable[..., NoteLabels]


@pytest.fixture
def make(settings: SettingsCache, cad: SonoranServer, session: aiohttp.ClientSession) -> Make:
    """Return what makes labels that wait for a number as long as it takes, or else `waits`."""

    def made(version: ApiVersion = ApiVersion.V2, waits: float = PATIENCE) -> NoteLabels:
        cad.rate_limited = False
        client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=version)
        timing = replace(QUICK, await_unit_number=waits)
        return NoteLabels(settings, lambda _: "", lambda _: client, timing=timing)

    return made


def member() -> discord.Member:
    """Return another member as discord.py makes it of Discord's object."""
    state = CLIENT._connection
    about_guild: Any = {"id": "1", "name": "Rockford County"}
    guild = discord.Guild(data=about_guild, state=state)
    user = {"id": str(next(NUMBERS)), "username": "dana", "discriminator": "0", "avatar": None}
    data: Any = {"user": user, "nick": "Dana D-2", "roles": [], "joined_at": None, "flags": 0}
    return discord.Member(data=data, guild=guild, state=state)


def reads(cad: SonoranServer) -> list[str]:
    return [each.kind for each in cad.requests]


async def test_a_linked_member_has_the_number_of_the_selected_unit_asked_for_once(
    make: Make, cad: SonoranServer
) -> None:
    labels, dana = make(), member()
    cad.link_account(dana.id, "A-10", "D-2\u202e\n")
    for _ in range(3):
        assert await labels.of(dana) == "D-2"
    assert reads(cad) == ["account", "identifiers"]
    await let_pass(301.0)
    cad.link_account(dana.id, "D-7")
    assert await labels.of(dana) == "D-7"


@pytest.mark.parametrize("numbers", [None, (), (None,), ("",), ("\u200b",), ({"a": 1},), (True,)])
async def test_without_a_number_the_display_name_stands_there_and_nobody_asks_again(
    make: Make, cad: SonoranServer, numbers: tuple[object, ...] | None
) -> None:
    labels, dana = make(), member()
    if numbers is not None:
        cad.link_account(dana.id, *numbers)
    for _ in range(2):
        assert await labels.of(dana) == "Dana D-2"
    assert reads(cad) == ["account"] if numbers is None else ["account", "identifiers"]


async def test_a_huge_number_is_cut_and_a_plain_one_is_text(make: Make, cad: SonoranServer) -> None:
    labels, dana, kim = make(), member(), member()
    cad.link_account(dana.id, "X" * 5000)
    cad.link_account(kim.id, 17)
    assert await labels.of(dana) == "X" * 40
    assert await labels.of(kim) == "17"


async def test_a_slow_answer_delays_no_note_and_counts_a_minute_later(
    make: Make, cad: SonoranServer
) -> None:
    labels, dana = make(waits=0.01), member()
    cad.link_account(dana.id, "D-7")
    held = asyncio.Event()
    cad.faults.add(Fault(on="account", applied=True, hold=held))
    assert await labels.of(dana) == "Dana D-2"
    held.set()
    async with asyncio.timeout(PATIENCE):
        while "identifiers" not in reads(cad):  # noqa: ASYNC110 - the CAD tells of notes alone
            await asyncio.sleep(0.01)
    assert await labels.of(dana) == "Dana D-2"
    await let_pass(61.0)
    assert await labels.of(dana) == "D-7"


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_trouble_is_not_asked_for_again_and_keeps_no_note(
    make: Make, cad: SonoranServer, status: int
) -> None:
    labels, dana, kim = make(), member(), member()
    cad.faults.add(Fault(on="account", status=status, times=None))
    for _ in range(2):
        assert await labels.of(dana) == "Dana D-2"
    assert len(reads(cad)) == 1
    assert await labels.of(kim) == "Dana D-2"
    assert len(reads(cad)) == (2 if status == 500 else 1)


async def test_many_members_are_looked_up_within_the_cads_limit(
    make: Make, cad: SonoranServer
) -> None:
    labels, people = make(), [member() for _ in range(12)]
    for person in people:
        cad.link_account(person.id, f"U-{person.id}")
    told = await asyncio.gather(*map(labels.of, people))
    assert told == [f"U-{each.id}" for each in people[:5]] + ["Dana D-2"] * 7
    assert reads(cad).count("account") == 5


async def test_version_1_tells_no_number_and_is_not_asked(make: Make, cad: SonoranServer) -> None:
    labels, dana = make(ApiVersion.V1), member()
    cad.link_account(dana.id, "D-7")
    assert await labels.of(dana) == "Dana D-2"
    assert cad.requests == []


@pytest.mark.long
async def test_an_administrator_switches_it_off_and_on(world: World) -> None:
    world.cad.link_account(world.dispatcher.user.id, "D-7")
    world.let(await_unit_number=PATIENCE)
    await world.registered()
    answer = await configure(world, "unit-numbers", {"on": False})
    assert answer.content.startswith("Members' display names stand beside their notes")
    assert (await configure(world, "unit-numbers")).content == answer.content
    assert "Beside members' notes: display names." in await status(world)
    await world.say("one")
    assert not {"account", "identifiers"} & {each.kind for each in world.cad.requests}
    answer = await configure(world, "unit-numbers", {"on": True})
    assert answer.content.startswith("Members' unit numbers stand beside their notes")
    assert (await configure(world, "unit-numbers")).content == answer.content
    assert "Beside members' notes: unit numbers" in await status(world)
    await world.say("two")
    form = await opened(world)
    await told(world, await submitted(world, form, call="123", note="three"), "added")
    assert [note.label for note in world.cad.notes(123)] == ["Dana D-2", "D-7", "D-7"]
    changes = world.rows("SELECT what FROM setting_changes ORDER BY id")
    assert changes == [("unit numbers: off",), ("unit numbers: on",)]
