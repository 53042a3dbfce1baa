"""`/callnote-config status`: what an administrator reads when all is well and when it is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot import __version__
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.model import (
    FORUM_CHANNEL,
    VOICE_CHANNEL,
)
from bot.sandbox.discord.permissions import (
    ORDINARY_PERMISSIONS,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
)
from bot.sandbox.sonoran import Fault
from bot.sandbox.sonoran.model import SERVER_ADDRESS
from bot.sonoran import ApiVersion
from tests import kept_guilds
from tests.administrator import configure, status
from tests.note_messages import QUEUED, press, shows, told
from tests.world import API_KEY, PATIENCE, TOKEN, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world

FIREWALL = "error code: 1020"
TURNED_AWAY = "❌ Sonoran CAD is behind a firewall that turned Callnote away; notes wait"


async def test_all_is_well_after_an_outage_in_which_the_only_note_was_called_back(
    world: World,
) -> None:
    world.config = replace(world.config, api_version=None)
    await world.registered()
    await world.cad.stop()
    message = await told(world, await world.use(), QUEUED)
    await press(world, world.dispatcher, message, "Cancel")
    await shows(world, message, "Cancelled")
    await world.cad.start()
    text = await status(world)
    assert "✅ Sonoran CAD answers" in text
    assert "✅ Notes are sent as they come." in text


async def test_a_failed_try_does_not_contradict_a_cad_that_answers(world: World) -> None:
    world.config = replace(world.config, api_version=None)
    await world.registered()
    world.cad.faults.add(Fault(times=None, status=307, headers={"Location": "/elsewhere"}))
    await told(world, await world.use(), QUEUED)
    text = await status(world)
    assert "✅ Sonoran CAD answers" in text
    assert "❌ Notes: 1 waiting, as the last attempt failed (Sonoran CAD " in text


@pytest.mark.parametrize(
    ("fault", "version", "said"),
    [
        (Fault(on="any", times=None, abort="before"), None, "broke the connection"),
        (Fault(on="any", times=None, status=500, body="no"), ApiVersion.V2, "an internal error"),
        (Fault(on="any", times=None, status=429), ApiVersion.V2, "too many requests"),
        (Fault(on="any", times=None, status=403, body=FIREWALL), ApiVersion.V2, TURNED_AWAY),
        (Fault(on="any", times=None, status=403, body=FIREWALL), None, TURNED_AWAY),
    ],
)
async def test_a_cad_in_trouble_is_told(
    world: World, fault: Fault, version: ApiVersion | None, said: str
) -> None:
    world.config = replace(world.config, api_version=version)
    world.cad.faults.add(fault)
    await world.registered()
    text = await status(world)
    assert said in text
    assert "API key is not known" in text
    assert ("API version: not known" in text) == (version is None)


async def test_a_server_that_the_cad_lost_is_told(world: World) -> None:
    world.config = replace(world.config, server_id=5)
    await world.registered()
    assert "5, which the CAD does not have" in await status(world)


async def test_a_file_on_a_host_that_wipes_its_disk_is_warned_about(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.config = replace(world.config, host="Heroku")
    await world.registered()
    assert "which Heroku wipes at least daily" in await status(world)
    assert "Database: a SQLite file, which Heroku wipes" in caplog.text


async def test_many_roles_with_long_names_still_fit_one_message(world: World) -> None:
    for number in range(24):
        role = world.guild.add_role(f"*{number}*" + "_" * 90)
        world.config = replace(
            world.config, dispatcher_role_ids=world.config.dispatcher_role_ids | {role.id}
        )
    await world.registered()
    message = await configure(world, "status")
    assert len(message.content) <= 2000
    assert f"Callnote {__version__}." in message.content


@pytest.mark.parametrize("version", [1, 2])
async def test_all_is_well(world: World, version: int) -> None:
    world.config = replace(world.config, api_version=None)
    if version == 1:
        world.cad.versions = {1}
    await world.registered()
    text = await status(world)
    assert "❌" not in text
    assert "Sonoran CAD answers, in " in text
    assert f"API version {version}: " in text
    assert "Plan: " in text
    assert f"1 {world.cad.community_name} Main." in text
    assert "Dispatcher roles, from the host's setting DISPATCHER_ROLE_IDS: @Dispatcher." in text
    assert "Log channel: none" in text
    assert "Database: SQLite, which lasts as long as its disk." in text
    assert "Notes are sent as they come." in text
    assert f"Callnote {__version__}." in text
    community = world.cad.community_name if version == 2 else world.cad.community_id
    assert f"for the community {community}." in text


async def test_the_servers_own_id_among_the_hosts_roles_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.config = replace(world.config, dispatcher_role_ids=frozenset({world.guild.id}))
    await world.registered()
    assert f"names {world.guild.id}, the id of a server and of its role @ev" in await status(world)
    assert f"guild={world.guild.id}: DISPATCHER_ROLE_IDS names {world.guild.id}" in caplog.text
    refused = await world.say()
    assert "everyone" not in refused.content
    assert "/callnote-config roles" in refused.content
    await configure(world, "roles-add", {"role": world.role})
    assert "the id of a server" not in await status(world)


async def test_what_is_known_is_told_before_discord_has_told_of_the_server(world: World) -> None:
    world.guild.available = False
    world.connect(world.guild)
    await world.registered()
    text = await status(world)
    assert "The CAD accepts the API key" in text
    assert "roles and channels: not known until Discord has told" in text
    assert "deleted channel" not in text


async def test_it_shows_no_secret_and_no_address(world: World) -> None:
    await world.registered()
    message = await configure(world, "status")
    payload = str(message.payload())
    for secret in (TOKEN, API_KEY, SERVER_ADDRESS, world.cad.url, str(world.folder)):
        assert secret
        assert secret not in payload


async def test_asking_often_costs_the_cad_no_more_than_asking_once(world: World) -> None:
    await world.registered()
    await status(world)
    asked = len(world.cad.requests)
    for _ in range(5):
        await status(world)
    assert len(world.cad.requests) == asked


async def test_notes_that_are_held_back_are_told_although_the_cad_can_be_read(
    world: World,
) -> None:
    await world.registered()
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "95"}))
    await told(world, await world.use(), QUEUED)
    text = await status(world)
    assert "✅ Sonoran CAD answers" in text
    assert "❌ Notes: 1 waiting, as Sonoran CAD gets too many requests" in text


async def test_a_wrong_key_is_told_with_what_to_do(world: World) -> None:
    world.cad.api_key = "another"
    await world.registered()
    text = await status(world)
    assert "❌ The CAD refused the API key or community id" in text
    assert "SONORAN_API_KEY" in text
    assert "❌ Notes: 0 waiting; until the API key or id is fixed" in text


async def test_what_is_used_of_the_limits_is_told(world: World) -> None:
    await world.registered()
    await world.say()
    text = await status(world)
    assert "Notes sent in the last minute: 1 of 6,000 at most" in text
    assert "no request was refused as one too many (429) in the last hour." in text
    world.cad.faults.add(Fault(status=429))
    await world.say("another")
    text = await status(world)
    assert "Notes sent in the last minute: 3 of 6,000 at most" in text
    assert "said once that it gets too many requests (429)" in text


async def test_what_the_last_note_met_is_told_at_once(world: World) -> None:
    await world.registered()
    assert "✅ The CAD accepts the API key" in await status(world)
    world.cad.api_key = "another"
    await told(world, await world.use(), QUEUED)
    text = await status(world)
    assert "❌ The CAD refused the API key" in text
    assert "❌ The last note was refused (A valid API key is required as a Bearer token.)" in text


async def test_a_refusal_that_the_cad_does_not_confirm_is_told_as_the_last_notes_alone(
    world: World,
) -> None:
    await world.registered()
    await status(world)
    world.cad.faults.add(Fault(status=403, body="error code: 1020", times=3))
    message = await world.say()
    assert message.content.startswith("❌ Not added")
    text = await status(world)
    assert "✅ The CAD accepts the API key" in text
    assert "❌ The last note was refused (error code: 1020)." in text


async def test_notes_are_not_said_to_be_sent_while_the_cad_cannot_be_reached(world: World) -> None:
    await world.registered()
    await world.cad.stop()
    text = await status(world)
    assert "❌ Sonoran CAD cannot be reached" in text
    assert "❌ Notes: 0 waiting, as Sonoran CAD cannot be reached" in text


async def test_no_role_is_told(world: World) -> None:
    await world.registered()
    await configure(world, "roles-remove", {"role": world.role})
    text = await status(world)
    assert "❌ Dispatcher roles: none" in text
    assert "Last change" in text
    assert "dispatcher roles: none" in text


async def test_permissions_missing_in_the_channel_are_told(world: World) -> None:
    world.channel.app_permissions = ORDINARY_PERMISSIONS & ~SEND_MESSAGES
    await world.registered()
    text = await status(world)
    assert "Permissions: give Callnote Send Messages in this channel." in text


async def test_a_thread_a_forums_post_and_a_voice_channel_are_known_for_what_they_are(
    world: World,
) -> None:
    guild = world.guild
    text = guild.add_channel("elsewhere", ORDINARY_PERMISSIONS & ~SEND_MESSAGES_IN_THREADS)
    only_threads = ORDINARY_PERMISSIONS & ~SEND_MESSAGES
    await world.registered()
    for world.channel, said in (
        (guild.add_thread("a call", text), "give Callnote Send Messages in Threads in this"),
        (
            guild.add_thread("b", guild.add_channel("forum", only_threads, type=FORUM_CHANNEL)),
            "Callnote has all that it needs in this channel.",
        ),
        (
            guild.add_channel("voice", ORDINARY_PERMISSIONS, type=VOICE_CHANNEL),
            "give Callnote Connect in this channel.",
        ),
    ):
        assert f"Permissions: {said}" in await status(world)
        await world.say(world.channel.name)


async def test_permissions_are_not_blamed_for_an_error_of_discord(world: World) -> None:
    log = world.guild.add_channel("log")
    await world.registered()
    await configure(world, "log-channel", {"channel": log})
    body = {"code": 130000, "message": "Overloaded"}
    world.discord.faults.add(DiscordFault("channel_message", 503, None, applied=False, body=body))
    await world.say()
    await asyncio.wait_for(world.discord.requested("channel_message", 3), PATIENCE)
    text = await status(world)
    assert "Log channel #log: at the last note, Discord answered with status 503." in text
    assert "give Callnote" not in text
    world.discord.faults.clear()
