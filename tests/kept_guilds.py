"""A kept bot whose tests may change settings, as each of them has a guild of its own.

What the bot knows of the CAD besides, such as its list of servers, it takes for too old by the
next test. A module takes over the fixtures as from `tests/kept_bot.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from bot.sandbox.discord import DiscordServer, Guild, Role
from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import ApiVersion
from tests import kept_bot
from tests.clock import Clock
from tests.kept_bot import KeptWorld, keeper_of
from tests.loop_clock import let_pass, tick
from tests.timing import QUICK
from tests.world import PATIENCE

GUILDS = 40
"""How many there are at most: as many as a module has tests, and then some."""


class GuildsWorld(KeptWorld):
    """A KeptWorld with another guild for each test."""

    left_behind = (*KeptWorld.left_behind, "guild_settings", "setting_changes", "guild_credentials")

    def __init__(
        self, discord: DiscordServer, cad: SonoranServer, folder: Path, clock: Clock
    ) -> None:
        super().__init__(discord, cad, folder, clock)
        self._left: list[tuple[Guild, Role]] = []
        for _ in range(GUILDS):  # made now, as the host's setting names the roles
            guild = discord.add_guild(name=self.guild.name)
            self._left.append((guild, guild.add_role(self.role.name)))
            discord.forget_guild(guild)
        roles = frozenset(role.id for _, role in self._left)
        self.usually(dispatcher_role_ids=roles, api_version=ApiVersion.V2)

    async def forget(self) -> None:
        """Let the bot leave the last test's guilds, and what it knows of others be too old."""
        for guild in list(self.discord.world.guilds.values()):
            self.discord.remove_guild(guild)
        self.discord.world.team = None
        with contextlib.suppress(RuntimeError):  # it was not stopped
            await self.cad.start()
        if self._kept is not None:
            async with asyncio.timeout(PATIENCE):
                while self.rows("SELECT 1 FROM call_cards"):
                    await tick()
        await let_pass(QUICK.keep_calls + 1)

    def begin(self) -> None:
        """Let the next test find a guild, people and a channel of its own."""
        self.guild, self.role = self._left.pop()
        self.discord.return_to(self.guild)
        super().begin()

    def _settings_changed(self) -> bool:
        return False  # of a guild that the next test has


def keeper_with(**settings: Any) -> Any:
    """Return a fixture like `keeper`, of a bot with these settings by their names in `Config`."""
    return keeper_of(GuildsWorld, **settings)


keeper = keeper_with()
world = kept_bot.world
