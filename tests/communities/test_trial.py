"""Credentials are tried against the CAD, so often and no more, before they are stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.communities import trial
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CREDENTIALS_KEY,
    KEY,
    add_community,
    another_guild,
    enter,
    let_enter,
    rows,
)
from tests.communities.strangers import NOT_CONNECTED, STATUS, Strangers, changes
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper_with(credentials_keys=(CREDENTIALS_KEY,))
world = kept_guilds.world
strangers = scene.strangers


async def test_tries_are_limited_for_each_server_and_for_all(
    world: World, strangers: Strangers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TRIES", 6)
    world.let(try_credentials=5.0)  # so that the bot is a new one, which takes the limit over
    let_enter(world)
    await world.start()
    for _ in range(5):
        said = await enter(world, strangers.stranger, strangers.channel, "paleto-key-wrong")
        assert "refused the API key" in said
    asked = len(world.cad.requests)
    said = await enter(world, strangers.stranger, strangers.channel, "paleto-key-wrong")
    assert said.startswith("Nothing was tried: there were too many tries")
    assert len(world.cad.requests) == asked
    _, channel, admin = another_guild(world)
    assert "refused the API key" in await enter(world, admin, channel, "paleto-key-wrong")
    _, channel, admin = another_guild(world, "Sandy Shores")
    for _ in range(6):
        said = await enter(world, admin, channel, "paleto-key-wrong")
        assert said.startswith("Nothing was tried: other servers have just tried too many keys")


async def test_what_the_cad_does_not_take_is_told_in_a_sentence_and_not_stored(
    world: World, strangers: Strangers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TRIES_OF_GUILD", trial.TRIES)
    community = add_community(world)
    let_enter(world)
    world.config = replace(world.config, api_version=None)
    world.let(try_credentials=5.0)
    await world.start()
    channel, stranger = strangers.channel, strangers.stranger

    async def said(key: str = KEY, community_id: str = "") -> str:
        answer = await enter(world, stranger, channel, key, community_id)
        assert answer.startswith("Nothing was stored: ")
        return answer.removeprefix("Nothing was stored: ")

    refused = "the CAD refused the API key or community id ("
    assert (await said("paleto-key-wrong")).startswith(f"{refused}A valid API key is required")
    assert (await said("two words")).startswith("an API key or community id is one word")
    assert (await said("schlüssel-0123")).startswith("an API key or community id is one word")
    community.faults.add(Fault(on="any", hold=asyncio.Event()))
    assert (await said()).startswith("Sonoran CAD did not answer in time.")
    community.faults.add(Fault(on="any", status=500))
    assert (await said()).startswith("Sonoran CAD had an internal error.")
    community.faults.add(Fault(on="any", status=429))
    assert (await said()).startswith("Sonoran CAD gets too many requests with this key.")
    for asked in ("version", "info"):
        community.faults.add(Fault(on=asked, status=403, body="error code: 1020"))
        assert (await said()).startswith("Sonoran CAD is behind a firewall that turned Callnote aw")
    community.plan, community.enforce_plan = "STANDARD", True
    assert (await said()).startswith(
        "the CAD refused the API key, as the community's plan has no API (The PLUS"
    )
    community.enforce_plan, community.api_enabled = False, False
    assert (await said()).startswith(f"{refused}The API is not enabled")
    world.cad.versions = {1}
    assert (await said()).startswith("this CAD needs the community id, too.")
    assert (await said(community_id="paleto-key-01234")).startswith(f"{refused}INVALID COMM")
    assert (await said(community_id="Paleto")).startswith(f"{refused}API IS NOT ENABLED")
    assert rows(world) == []
    assert changes(world) == []
    assert (await strangers.use(STATUS)).content == NOT_CONNECTED
