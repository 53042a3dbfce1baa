"""Credentials that nobody can read: in the database, in the log, and with another key."""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.communities.sealing import new_key
from tests.child import running
from tests.communities import strangers as scene
from tests.communities.own_cad import (
    CONNECTED,
    CREDENTIALS_KEY,
    KEY,
    add_community,
    another_guild,
    enter,
    let_enter,
    rows,
    started,
)
from tests.communities.strangers import STATUS, Strangers
from tests.note_messages import change_outbox
from tests.world import API_KEY, World

strangers = scene.strangers

SEALED = "This server's API key can't be decrypted: ask the bot's host to correct CREDENTIALS\\_KEY"


def dump_of(folder: Path) -> bytes:
    """Return everything in the files of a folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def told_at_the_start(caplog: pytest.LogCaptureFixture) -> int:
    """Return how often the log says that credentials cannot be decrypted, and forget it."""
    count = sum("API keys of 1 servers cannot be decrypted" in line for line in caplog.messages)
    caplog.clear()
    return count


async def test_no_key_is_in_the_debug_log_a_message_or_a_dump_of_the_database(
    world: World, strangers: Strangers, tmp_path: Path
) -> None:
    wrong = 'paleto-key-it\'s-"wrong"-{}'
    renewed = "paleto-key-{renewed}-\\'\""
    community = add_community(world)
    async with running(
        world, tmp_path, LOG_LEVEL="DEBUG", CREDENTIALS_KEY=CREDENTIALS_KEY
    ) as child:
        for key in (wrong, KEY):
            said = await enter(world, strangers.stranger, strangers.channel, key)
        assert said == CONNECTED
        community.api_key = renewed
        content = (await strangers.use(STATUS)).content
        assert "The CAD refused the API key" in content
        await enter(world, strangers.stranger, strangers.channel, renewed)
        assert "accepts the API key" in (await strangers.use(STATUS)).content
        child.signal(signal.SIGTERM)
        _, out, errors = await child.ended()
    dump = dump_of(tmp_path)
    assert b"guild_credentials" in dump
    assert "MODAL" not in out
    assert out.count("server connected with an API key") == 2
    messages = "".join(message.content for message in world.discord.messages)
    for secret in (wrong, KEY, renewed, API_KEY, CREDENTIALS_KEY):
        for part in (secret, secret[-10:]):
            assert part not in out + errors
            assert part not in messages
            assert part.encode() not in dump


async def test_a_row_that_was_moved_to_another_server_is_worthless_there(
    world: World, strangers: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    add_community(world)
    let_enter(world)
    guild, channel, admin = another_guild(world)
    world.connect(guild)
    await world.start()
    await enter(world, strangers.stranger, strangers.channel)
    await world.finish()
    caplog.clear()
    await change_outbox(world, f"UPDATE guild_credentials SET guild_id = {guild.id}")  # noqa: S608
    await world.restart()
    interaction = await world.discord.use_command(admin, channel, STATUS)
    message = await asyncio.wait_for(interaction.answered(), 30)
    assert message.content.startswith(SEALED)
    assert told_at_the_start(caplog) == 1


async def test_keys_can_be_rotated(world: World, strangers: Strangers) -> None:
    await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await world.finish()
    new = new_key()
    let_enter(world, new, CREDENTIALS_KEY)
    await world.restart()
    assert "accepts the API key" in (await strangers.use(STATUS)).content
    await enter(world, strangers.stranger, strangers.channel)
    await world.finish()
    let_enter(world, new)
    await world.restart()
    assert "accepts the API key" in (await strangers.use(STATUS)).content


@pytest.mark.parametrize("keys", [(), (new_key(),)], ids=["none", "another"])
async def test_a_lost_key_takes_its_communities_out_of_service_and_loses_nothing(
    world: World,
    strangers: Strangers,
    caplog: pytest.LogCaptureFixture,
    keys: tuple[str, ...],
) -> None:
    caplog.set_level(logging.INFO)
    add_community(world)
    let_enter(world)
    await world.registered()
    await enter(world, strangers.stranger, strangers.channel)
    stored = rows(world)
    await world.finish()
    assert told_at_the_start(caplog) == 0
    world.connect(strangers.guild)  # to the host's CAD, in which nothing of theirs may arrive
    world.config = replace(world.config, credentials_keys=keys)
    await world.restart()
    assert (await strangers.use(STATUS)).content.startswith(SEALED)
    assert (await strangers.use("callnote", {"call": "123", "note": "x"})).content == (
        (await strangers.use(STATUS)).content
    )
    assert told_at_the_start(caplog) == 1
    await world.say("ours")
    await world.finish()
    assert rows(world) == stored
    let_enter(world)
    await world.restart()
    assert "for the community Paleto" in (await strangers.use(STATUS)).content
    assert world.stored() == ["ours"]


async def test_the_owner_connects_a_server_to_the_hosts_cad_whose_key_cannot_be_decrypted(
    world: World, strangers: Strangers
) -> None:
    await started(world)
    await enter(world, strangers.stranger, strangers.channel)
    await world.finish()
    world.config = replace(world.config, credentials_keys=())
    await world.restart()
    question = await strangers.use("callnote-config connect", by=strangers.owner)
    assert question.content.endswith("which can't be used, is deleted.")
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)
    assert "for the community Rockford" in (await strangers.use(STATUS)).content
    assert rows(world) == []
