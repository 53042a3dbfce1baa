"""A bot that goes on from one test of a module to the next, as starting one takes much of a test.

The next test gets it only where it finds it as a new one would be: with the usual settings and
periods, every note settled, nothing else stored and the CAD not held to be out of order.
Otherwise it starts its own, as in any World. What a bot does late is not lost either: a message or
a request too many is in the way of the next test, and the last one of the module is followed by a
look at all messages.

A module whose tests may share takes over the fixtures, and has one event loop for all of them::

    pytestmark = pytest.mark.asyncio(loop_scope="module")
    keeper = kept_bot.keeper
    world = kept_bot.world
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.app.discord_endpoint import use_discord_at
from bot.config import Config
from bot.sandbox.discord import DiscordServer, Message
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sandbox.sonoran.community import Community
from bot.sandbox.sonoran.faults import Faults
from bot.timing import Timing
from tests.clock import Clock
from tests.loop_clock import SPEED
from tests.note_messages import ADDED
from tests.timing import QUICK
from tests.world import API_KEY, COMMUNITY, PATIENCE, TOKEN, World

SOON = 0.3 * SPEED
"""Seconds in which everything is settled with a bot that is to be kept; a new one takes less."""

BACK_SOON = 1.0 * SPEED
"""Seconds in which a bot that has met trouble finds that the CAD is in order again."""


class NotedFaults(Faults):
    """The CAD's faults, with whether the last request to add a note met one, and any a long one."""

    def __init__(self) -> None:
        super().__init__()
        self.met_last = False
        self.for_long = False

    def take(self, kind: str) -> Fault | None:
        fault = super().take(kind)
        if kind == "note":
            self.met_last = fault is not None
            self.for_long |= fault is not None and float(fault.headers.get("Retry-After", 0)) > 1
        return fault


class KeptWorld(World):
    """A World for one test after the other, which keeps its only bot where it can."""

    left_behind: tuple[str, ...] = ("notes", "delivery_ledger", "call_list_reads")
    """The tables of which nothing is left to the next test."""

    def __init__(
        self, discord: DiscordServer, cad: SonoranServer, folder: Path, clock: Clock
    ) -> None:
        super().__init__(discord, cad, folder, clock)
        self._usual = self.config
        self._faults = NotedFaults()
        self._kept: asyncio.Task[None] | None = None
        self._started_with: tuple[Config, Timing] | None = None
        self._said: list[tuple[Message, str, bool]] = []

    def usually(self, **settings: Any) -> None:
        """Let the bots have these settings unless a test changes them."""
        self._usual = replace(self._usual, **settings)

    async def forget(self) -> None:
        """Let the bot forget what the next test must not meet: nothing, unless in a subclass."""

    async def start(self) -> None:
        """Run one more bot, or let the kept one be it if it is what the test wants."""
        if self._kept is not None:
            if self._started_with == (self.config, self.timing) and self.database is None:
                self.bots.append(self._kept)
                self._kept = None
                return
            await self.close()
        await super().start()
        self._started_with = self.config, self.timing

    async def registered(self) -> None:
        """Run one more bot, or the kept one, and wait until the commands are registered."""
        await self.start()
        if not self.discord.registered_commands:
            await asyncio.wait_for(self.discord.requested("commands_put"), PATIENCE)

    @contextlib.asynccontextmanager
    async def bot_until_killed(self) -> AsyncIterator[None]:
        """Run a client as in any World, after the kept bot has ended."""
        await self._end_all()
        async with super().bot_until_killed():
            yield

    def begin(self) -> None:
        """Let the next test find people and a channel of its own and nothing of another test."""
        self.config, self.timing, self.database = self._usual, QUICK, None
        self.discord.faults.clear()
        self.discord.requests.clear()
        self.discord.messages.clear()
        self.discord.world.messages.filters.clear()
        self.cad.faults = self._faults = NotedFaults()
        self.cad.requests.clear()
        self.cad.others.clear()
        Community.__init__(self.cad, COMMUNITY, API_KEY)
        self.cad.versions, self.cad.absent_answer = {1, 2}, "backend"
        self.populate()
        use_discord_at(self.discord.api_url, self.discord.gateway_url)

    async def end(self) -> None:
        """Keep the bot for the next test, or end it."""
        if not await self._settled_soon():
            await self._end_all()
            return
        self._said += [(each, each.content, each.deleted) for each in self.discord.messages]
        if await self._can_be_kept():
            self._kept = self.bots.pop()
        else:
            await self.close()

    async def close(self) -> None:
        """End what is left; no message may have been changed or added since all was settled."""
        count = len(self.discord.messages)
        await self._end_all()
        assert len(self.discord.messages) == count
        assert self._said == [(each, each.content, each.deleted) for each, _, _ in self._said]

    async def _end_all(self) -> None:
        """End every bot and forget its file, so that the next one finds none."""
        if self._kept is not None:
            self.bots.append(self._kept)
            self._kept = None
        with contextlib.suppress(TimeoutError):
            await self.finish()
        await asyncio.wait_for(self.discord.disconnected(), PATIENCE)
        self.stop.clear()
        with contextlib.suppress(RuntimeError):  # it was not stopped
            await self.cad.start()
        for path in self.folder.iterdir():
            path.unlink()

    async def _can_be_kept(self) -> bool:
        usual = replace(self._usual, api_version=self.config.api_version)
        if self.config.api_version is None or (self.config, self.timing) != (usual, QUICK):
            return False
        if self._faults.for_long or self._settings_changed():
            return False
        untroubled = self._untroubled()
        await asyncio.to_thread(self._forget_notes)
        return untroubled or await self._adds_a_note()

    async def _settled_soon(self) -> bool:
        """Return whether one bot is there and has nothing left to do."""
        if len(self.bots) != 1 or self.bots[0].done() or self.database is not None:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.settled(), SOON)
            return True
        return False

    def _untroubled(self) -> bool:
        """Return whether the CAD was asked nothing, or took the last note as it should.

        It is not asked for a note that is held back.
        """
        others = self.rows("SELECT 1 FROM notes WHERE state NOT IN ('added', 'held')")
        return not others and not self._faults.met_last

    async def _adds_a_note(self) -> bool:
        """Return whether a note is added at once, as by a bot that knows of no trouble."""
        with contextlib.suppress(RuntimeError):  # it was not stopped
            await self.cad.start()
        self.begin()
        interaction = await self.use()
        try:
            async with asyncio.timeout(BACK_SOON):
                message = await self.final(interaction)
                await self.settled()
        except TimeoutError:
            await self._end_all()  # whose message may still have come
            return False
        assert self.discord.messages == [message]
        await asyncio.to_thread(self._forget_notes)
        return message.content == ADDED

    def _settings_changed(self) -> bool:
        return bool(self.rows("SELECT 1 FROM guild_settings UNION SELECT 1 FROM setting_changes"))

    def _forget_notes(self) -> None:
        path = self.file(0).path
        assert path is not None
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            for table in self.left_behind:
                other.execute(f"DELETE FROM {table}")  # noqa: S608


def keeper_of(world: type[KeptWorld], **settings: Any) -> Any:
    """Return the fixture `keeper`: such a World, usually with these fields of `Config`."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module", name="keeper")
    async def keeper(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KeptWorld]:
        clock = Clock()
        async with (
            DiscordServer(token=TOKEN, clock=clock) as discord,
            SonoranServer(community_id=COMMUNITY, api_key=API_KEY) as cad,
        ):
            keeper = world(discord, cad, tmp_path_factory.mktemp("kept"), clock)
            keeper.usually(**settings)
            yield keeper
            await keeper.close()

    return keeper


keeper = keeper_of(KeptWorld)


@pytest_asyncio.fixture(loop_scope="module")
async def world(request: pytest.FixtureRequest, keeper: KeptWorld) -> AsyncIterator[World]:
    mark = request.node.get_closest_marker("asyncio")
    assert mark.kwargs.get("loop_scope") == "module", "its module lacks the line `pytestmark = …`"
    await keeper.forget()
    keeper.begin()
    yield keeper
    await keeper.end()
