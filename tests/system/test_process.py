"""The process as a host sees it: a child with an environment, signals and an exit status."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import re
import signal
from pathlib import Path

import pytest

from bot.app.texts import READY
from bot.config import Config
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from tests.child import ROOT, Child, environment, interpret, running, settings_of, start
from tests.database import file_in, make_file
from tests.fork_server import fork
from tests.note_messages import ADDED, told
from tests.outbox.workers import eventually
from tests.world import API_KEY, PATIENCE, TOKEN, World

pytestmark = pytest.mark.long


async def test_what_nobody_catches_is_a_line_of_the_log_without_secrets(
    world: World, tmp_path: Path
) -> None:
    child = await start(tmp_path, settings_of(world), module="tests.system.uncaught_bot")
    status, out, errors = await child.ended()
    assert status == 1
    assert errors == ""
    assert TOKEN not in out
    assert len(out.splitlines()) == 6
    for what in ("thread", "deleted", "warning", "callback", "task", "main"):
        assert f"{what}\\nbadly" in out or f"{what}\\n[redacted]" in out


@pytest.mark.parametrize(("number", "times"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
async def test_a_signal_lets_notes_in_flight_be_answered(
    world: World, tmp_path: Path, number: int, times: int
) -> None:
    held = asyncio.Event()
    world.cad.faults.add(Fault(on="note", times=None, applied=True, hold=held))
    calls = range(201, 206)
    for call in calls:
        world.cad.add_call(call)
    async with running(world, tmp_path) as child:
        interactions = [await world.use("some note here", str(call)) for call in calls]
        await asyncio.wait_for(world.cad.received(5), PATIENCE)
        for _ in range(times):
            child.signal(number)
        await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
        held.set()
        status, _, errors = await child.ended()
    assert status == 0
    assert errors == ""
    assert world.discord.close_codes == [1000]
    for call, interaction in zip(calls, interactions, strict=True):
        assert world.stored(call) == ["some note here"]
        assert interaction.message is not None
        assert interaction.message.content == f"NOTE 'some note here' added to call #{call}"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_signals_until_the_very_end_change_nothing(
    world: World, tmp_path: Path, second: int
) -> None:
    async with running(world, tmp_path) as child:
        child.signal(signal.SIGTERM)
        ended = asyncio.create_task(child.ended())
        while not ended.done():
            with contextlib.suppress(ProcessLookupError):
                child.signal(second)
            await asyncio.wait({ended}, timeout=0.005)
        assert (await ended)[0] == 0


async def test_an_idle_bot_stops_when_its_terminal_is_closed(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as child:
        child.signal(signal.SIGHUP)
        assert (await child.ended())[0] == 0
    assert world.discord.close_codes == [1000]


async def test_a_hang_up_that_is_to_be_ignored_is(world: World, tmp_path: Path) -> None:
    child = await start(tmp_path, settings_of(world), module="tests.system.deaf_bot")
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    child.signal(signal.SIGHUP)
    assert (await world.say()).content == ADDED
    child.signal(signal.SIGTERM)
    assert (await child.ended())[0] == 0


async def test_as_a_file_without_docstrings_it_does_the_same_and_loads_nothing_that_it_does_without(
    world: World, tmp_path: Path
) -> None:
    """With its settings in a file, and an encoding that Python itself gives to its streams."""
    world.discord.add_guild(name="Rockford \N{POLICE CAR} Ж")
    lines = [f"{name}={value}" for name, value in settings_of(world).items()]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    make_file(file_in(tmp_path))
    command = ("-OO", "-X", "importtime", str(ROOT / "bot" / "__main__.py"))
    settings = {"PYTHONPATH": "", "PYTHONIOENCODING": "ascii"}
    process = await interpret(tmp_path, settings, *command)
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    log = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while READY not in log and (line := await process.stdout.readline()):
                log += line.decode("ascii")
        assert '"Rockford \\U0001f693 \\u0416"' in log
        assert (await world.say()).content == ADDED
        Child(process).signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    finally:
        if process.returncode is None:
            process.kill()
    loaded = {line.rpartition("|")[2].strip() for line in (await errors).decode().splitlines()}
    assert "sqlalchemy.dialects.sqlite" in loaded
    dispensable = {"psycopg", "sqlalchemy.dialects.postgresql", "alembic", "bot.sandbox", "html"}
    off = {"prometheus_client", "sentry_sdk", "pythonjsonlogger", "aiohttp.web", "bot.monitoring"}
    sealing = {"cryptography", "bot.communities.sealing"}
    assert loaded & (dispensable | off | sealing) == set()
    next_one = await start(tmp_path, {})  # which finds the same commands registered
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    await world.say("another")
    next_one.signal(signal.SIGTERM)
    assert (await next_one.ended())[0] == 0
    puts = [each for each in world.discord.requests if each.route == "commands_put"]
    assert len(puts) == 1


def test_memory_is_freed_although_what_is_loaded_is_not_looked_through() -> None:
    importlib.import_module("bot.__main__")
    assert gc.isenabled()


async def test_with_postgresql_it_loads_nothing_of_sqlite(world: World, tmp_path: Path) -> None:
    settings = settings_of(world, DATABASE_URL="postgresql://user:password@127.0.0.1:1/name")
    process = await interpret(tmp_path, settings, "-X", "importtime", "-m", "bot", "check")
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    loaded = {line.rpartition("|")[2].strip() for line in errors.decode().splitlines()}
    assert "bot.storage.postgresql_connector" in loaded
    assert loaded & {"sqlite3", "sqlalchemy.dialects.sqlite"} == set()


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("ascii", ("check",)),
        ("cp1252", ("sandbox",)),
        ("ascii", ("--help",)),
        ("cp1252", ("§",)),
        ("ascii", ()),
    ],
)
async def test_what_is_printed_survives_any_code_page(
    world: World, tmp_path: Path, encoding: str, arguments: tuple[str, ...]
) -> None:
    world.discord.add_guild(name="Rockford \N{POLICE CAR} Ж")
    settings = settings_of(world, PYTHONIOENCODING=encoding, LOG_LEVEL="" if arguments else "Ж")
    process = await fork(tmp_path, environment(settings), "bot", *arguments)
    line = "/callnote call:123 note:\N{POLICE CAR} Ж\n".encode()
    out, errors = await asyncio.wait_for(process.communicate(line), PATIENCE)
    assert b"Traceback" not in out + errors
    assert b"Unicode" not in out + errors
    if arguments == ("check",):
        assert b'"Rockford \\U0001f693 \\u0416"' in out


async def test_the_log_has_a_line_for_each_note_and_neither_text_nor_secret(
    world: World, tmp_path: Path
) -> None:
    async with running(world, tmp_path) as child:
        interaction = await world.use("confidential words")
        await asyncio.wait_for(interaction.answered(), PATIENCE)
        child.signal(signal.SIGTERM)
        _, out, _ = await child.ended()
    (line,) = [line for line in out.splitlines() if str(interaction.id) in line]
    for part in (
        f"guild={world.guild.id}",
        f"member={world.dispatcher.id}",
        "call=123",
        "outcome=added",
        "ms=",
    ):
        assert part in line
    for secret in ("confidential", TOKEN, API_KEY, interaction.token):
        assert secret not in out


async def test_no_secret_is_in_the_debug_log(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path, LOG_LEVEL="DEBUG") as child:
        interaction = await world.use()
        await asyncio.wait_for(interaction.answered(), PATIENCE)
        child.signal(signal.SIGTERM)
        _, out, errors = await child.ended()
    assert str(interaction.id) in out
    for secret in (TOKEN, API_KEY, interaction.token):
        assert secret not in out + errors


async def test_a_stop_that_takes_too_long_is_cut_off_and_the_note_told_by_the_next_process(
    world: World, tmp_path: Path
) -> None:
    world.cad.faults.add(Fault(on="note", applied=True, hold=asyncio.Event()))
    child = await start(tmp_path, settings_of(world), module="tests.system.short_stop_bot")
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    child.signal(signal.SIGTERM)
    status, out, errors = await child.ended()
    assert status == 0
    assert "stopping took too long" in out
    assert errors == ""
    async with running(world, tmp_path, SONORAN_SETTLE_SECONDS="1"):
        message = await told(world, interaction, ADDED)
    assert message.content == "NOTE 'some note here' added to call #123"
    assert world.stored() == ["some note here"]


async def test_discord_out_of_reach_is_waited_for_until_a_signal(
    world: World, tmp_path: Path
) -> None:
    world.discord.faults.add(DiscordFault(route="login", status=400, times=None, applied=False))
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await fork(tmp_path, environment(settings_of(world)), "bot", output=output)
    await eventually(lambda: "trying Discord again" in log.read_text())
    process.terminate()
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    assert re.sub(r"(?m)^\S+ \S+ (INFO|WARNING) .*\n", "", log.read_text()) == ""


async def test_a_new_key_is_printed_and_taken(tmp_path: Path) -> None:
    child = await start(tmp_path, {}, "new-key")
    status, out, errors = await child.ended()
    assert (status, errors) == (0, "")
    settings = {"DISCORD_TOKEN": "token", "CREDENTIALS_KEY": out}
    assert Config.from_mapping(settings, tmp_path).credentials_keys == (out.strip(),)
