"""How the bot keeps its session with Discord, whatever the gateway does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.app.lifecycle import FatalError, serve
from bot.app.session_starts import SessionStarts
from bot.sandbox.discord import Fault
from bot.sandbox.discord.gateway import INVALID_SESSION
from bot.timing import Timing
from tests.database import make_file
from tests.note_messages import ADDED
from tests.self_certified import self_certified
from tests.world import PATIENCE, World


class Log(logging.Handler):
    """Lines of the log, which can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._more = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._more.set()

    async def has(self, pattern: str, least: float = 0.0) -> None:
        """Wait for a line with the pattern, and in its group a number of at least that much."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = (re.search(pattern, line) for line in self.lines)
                if any(match and float((*match.groups(), 0)[0]) >= least for match in found):
                    return
                self._more.clear()
                await self._more.wait()


@contextlib.contextmanager
def log() -> Iterator[Log]:
    heard = Log()
    logger = logging.getLogger("bot.app")
    before = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before)


def begin(world: World) -> None:
    """Run a bot that need not come as far as being connected."""
    make_file(world.config.database)
    world.bots.append(asyncio.create_task(serve(world.config, world.stop, timing=world.timing)))


@pytest.mark.parametrize("how", [4000, INVALID_SESSION, 4011])
async def test_the_pauses_between_short_lived_sessions_grow(world: World, how: int) -> None:
    """Also when another client takes over, as with 4011."""
    world.let(identify_again=0.02, first_reconnect=0.01, first_discord_retry=0.01)
    world.discord.end_sessions_at_once(how)
    with log() as heard:
        begin(world)
        await heard.has(r"session is started in (\S+) s", 0.3)
    assert len(world.discord.identifies) < 10
    world.discord.end_sessions_at_once(None)
    await asyncio.wait_for(world.discord.connected(), PATIENCE)
    assert (await world.say()).content == ADDED


@pytest.mark.parametrize("code", [4013, 4014])
async def test_a_bot_whose_intents_are_rejected_ends_and_says_so(world: World, code: int) -> None:
    world.discord.end_sessions_at_once(code)
    begin(world)
    with pytest.raises(FatalError, match="Discord rejected the bot's intents"):
        await asyncio.wait_for(world.bots.pop(), PATIENCE)


async def test_a_session_that_lasted_ends_the_growing() -> None:
    starts = SessionStarts(Timing(identify_again=0.01, longest_identify=PATIENCE, steady_session=0))
    for _ in range(20):
        async with asyncio.timeout(PATIENCE), starts.turn(0, left):
            starts.record(0)


async def left() -> dict[str, Any]:
    return {"remaining": 1, "reset_after": 0}


async def test_no_session_is_started_when_discord_allows_none(world: World) -> None:
    limit = {"total": 1000, "remaining": 0, "reset_after": 100, "max_concurrency": 1}
    answer = {"url": world.discord.gateway_url, "shards": 1, "session_start_limit": limit}
    fault = Fault(route="gateway_bot", status=200, times=None, body=answer)
    world.discord.faults.add(fault)
    with log() as heard:
        begin(world)
        await heard.has("allows no further session")
    await asyncio.wait_for(world.discord.requested("gateway_bot", 4), PATIENCE)
    assert world.discord.identifies == []
    world.discord.faults.clear()
    await asyncio.wait_for(world.discord.connected(), PATIENCE)


@pytest.mark.parametrize("refusals", [1, 5])
async def test_a_session_is_resumed_although_attempts_to_resume_it_are_refused(
    world: World, refusals: int
) -> None:
    await world.start()
    world.discord.faults.add(Fault(route="gateway_connection", status=503, times=refusals))
    await world.discord.drop()
    interaction = await world.use()
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == ADDED
    assert len(world.discord.identifies) == 1
    assert world.discord.faults.pending == []


UNREADABLE: dict[str, tuple[str, Any]] = {
    "interaction": ("INTERACTION_CREATE", {"id": "5", "type": 2}),
    "guild": ("GUILD_CREATE", {"name": "x"}),
    "guild's channel": ("GUILD_CREATE", {"id": "5", "name": "x", "channels": [{}]}),
    "channel": ("CHANNEL_CREATE", {"id": "5"}),
    "role": ("GUILD_ROLE_CREATE", {}),
    "nothing": ("CHANNEL_UPDATE", None),
    "list": ("GUILD_DELETE", [1]),
    "resumed": ("RESUMED", None),
}


async def test_each_event_that_cannot_be_read_is_a_log_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.start()
    for number, (what, (event, data)) in enumerate(UNREADABLE.items(), 1):
        world.discord.send_event(event, data)
        assert (await world.say(what)).content == f"NOTE '{what}' added to call #123"
        assert len([each for each in caplog.records if each.exc_info]) == number, what
    assert len(world.discord.identifies) == 1
    assert world.discord.resumes == []


async def test_an_unreadable_beginning_of_a_session_is_tried_again(world: World) -> None:
    world.discord.lack_in_ready("user", "session_id", "shard", "guilds", "resume_gateway_url")
    begin(world)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: len(world.discord.identifies) == 6)
        await world.discord.connected()
    assert (await world.say()).content == ADDED


async def test_a_certificate_of_discord_that_cannot_be_verified_is_named(world: World) -> None:
    async with self_certified() as url:
        world.config = replace(world.config, discord_api_url=f"{url}/api/v10")
        with log() as heard:
            begin(world)
            await heard.has("Discord cannot be reached: its certificate cannot be verified; check")
        await world.finish()


async def test_the_status_is_told_with_which_discord_names_no_gateway(world: World) -> None:
    failed = Fault("gateway_bot", 503, applied=False)
    world.discord.faults.add(replace(failed))
    with log() as heard:
        await world.start()
        await heard.has("^Discord cannot be reached: it answered with status 503")
        world.discord.faults.add(failed)
        await world.discord.invalidate_sessions()
        await heard.has("^shard 0: Discord cannot be reached: .* 503 ")


@pytest.mark.parametrize("route", ["login", "application", "gateway_bot"])
async def test_each_unreadable_answer_at_the_start_is_asked_for_again(
    world: World, route: str
) -> None:
    world.let(longest_discord_retry=0.05, longest_reconnect=0.05)
    for body in ("<html>", [1], {"a": 1}):
        world.discord.faults.add(Fault(route=route, status=200, body=body))
    await world.start()
    assert (await world.say()).content == ADDED
    assert world.discord.faults.pending == []


async def test_a_page_with_401_at_the_login_is_no_refusal_of_the_token(world: World) -> None:
    page = Fault("login", 401, times=2, applied=False, body="<html>Just a moment...</html>")
    world.discord.faults.add(page)
    await world.start()
    assert (await world.say()).content == ADDED
    assert world.discord.faults.pending == []
