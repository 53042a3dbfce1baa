"""The first lines of the log, which say what `check` says."""

from __future__ import annotations

import asyncio
import platform
import re
from pathlib import Path

import discord

from bot import __version__
from bot.app.texts import READY
from bot.communities.sealing import new_key
from bot.communities.shards import Shards
from bot.sandbox.sonoran import Fault
from tests.child import environment, settings_of, start
from tests.fork_server import fork
from tests.outbox.workers import eventually
from tests.world import PATIENCE, TOKEN, World


async def log_of_a_start(world: World, folder: Path, **more: str) -> list[str]:
    """Return what the bot has logged when it is ready, without times and loggers' names."""
    log = folder / "log"
    with log.open("wb") as output:
        settings = environment(settings_of(world, **more))
        process = await fork(folder, settings, "tests.quick_bot", output=output)
    await eventually(lambda: READY in log.read_text() or process.returncode is not None)
    assert READY in log.read_text(), log.read_text()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    before, ready, _ = log.read_text().partition(READY)
    lines = (before + ready).splitlines()
    return [re.sub(r"^\S+ \S+ ([A-Z]+) [\w.]+: ", r"\1 ", line) for line in lines]


async def test_the_first_lines_say_who_it_is_and_what_it_has_reached(
    world: World, tmp_path: Path
) -> None:
    shard = next(n for n in range(2) if Shards(2, [n]).serve(world.guild.id))
    elsewhere = (3 - shard) << 22  # the id of a guild that another process has
    parts = {"DISCORD_SHARD_COUNT": "2", "DISCORD_SHARD_IDS": str(shard)}
    lines = await log_of_a_start(world, tmp_path, DISCORD_GUILD_IDS=str(elsewhere), **parts)
    application = world.discord.application_id
    expected = [
        (
            f"Callnote {__version__} on Python {platform.python_version()} "
            f"with discord.py {discord.__version__}"
        ),
        (
            f"The settings can be read: from the environment alone, as there is no file .env in "
            f"{tmp_path}."
        ),
        "The installed packages are those that requirements.txt pins.",
        "opened the SQLite file callnote.db",
        f"This process has only the servers of these shards, of 2 in all: {shard}.",
        f"The bot is callbot, application {application}.",
        (
            "Invite it with https://discord.com/oauth2/authorize?"
            f"client_id={application}&scope=bot+applications.commands&permissions=0"
        ),
        f'The bot is in 1 server: {world.guild.id} "Rockford County".',
        "Connected to the CAD: 1 server.",
        "The CAD accepts the API key",
        "API version 2: it answered the version 2 request.",
        READY,
    ]
    places = [[part in line for line in lines].index(True) for part in expected]
    assert places == sorted(places)
    assert not [line for line in lines if line.startswith(("WARNING", "ERROR"))]
    assert TOKEN not in "".join(lines)


async def test_what_is_wrong_is_logged_in_the_words_of_the_check(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SONORAN_API_KEY=another-key\n")
    wrong = {"SONORAN_API_KEY": "", "DISCORD_GUILD_IDS": "77", "DYNO": "worker.1"}
    lines = await log_of_a_start(world, tmp_path, **wrong)
    child = await start(tmp_path, settings_of(world, **wrong), "check")
    status, out, _ = await child.ended()
    bad = [line.removeprefix("NOT OK ") for line in out.splitlines() if "NOT OK" in line]
    assert status == 1
    assert len(bad) == 3
    assert [line for line in bad if f"WARNING {line}" not in lines] == []
    read = f"The settings can be read: from the environment and the file {tmp_path / '.env'}."
    assert f"INFO {read}" in lines
    assert f"ok     {read}" in out.splitlines()


async def test_a_cad_that_is_down_keeps_it_from_nothing(world: World, tmp_path: Path) -> None:
    world.cad.faults.add(Fault(on="any", times=None, status=500))
    lines = await log_of_a_start(world, tmp_path, LOG_LEVEL="INFO")
    assert any("Sonoran CAD had an internal error" in line for line in lines)


async def test_without_a_cad_of_the_host_it_says_who_connects_a_server(
    world: World, tmp_path: Path
) -> None:
    public = {"CREDENTIALS_KEY": new_key(), "SONORAN_API_KEY": "", "SONORAN_COMMUNITY_ID": ""}
    lines = await log_of_a_start(world, tmp_path, **public)
    (line,) = [line for line in lines if "Connected to" in line]
    assert line.endswith("no server yet. Administrators use /callnote-config connect there.")
    assert not any("application's owner, or name it" in line for line in lines)


async def test_its_version_is_printed_and_sent_to_both(world: World, tmp_path: Path) -> None:
    status, out, _ = await (await start(tmp_path, {}, "--version")).ended()
    assert (status, out) == (0, f"Callnote {__version__}\n")
    await world.registered()
    await world.say()
    (note,) = world.cad.note_requests
    assert note.headers["User-Agent"] == f"Callnote/{__version__}"
    agents = {request.headers["User-Agent"] for request in world.discord.requests}
    named = [agent for agent in agents if agent.startswith("DiscordBot (")]
    assert [agent.rpartition(" ")[2] for agent in named] == [f"Callnote/{__version__}"]
