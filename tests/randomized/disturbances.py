"""What goes wrong during a run: at the CAD, at Discord, and in the database."""

from __future__ import annotations

import asyncio
from random import Random

from bot.sandbox.discord import DiscordServer
from bot.sandbox.sonoran import Fault, SonoranServer
from tests.randomized.database_faults import DatabaseFaults
from tests.randomized.faults import cad_fault, discord_fault, odd_neighbours


class Disturbances:
    """Draws faults by `seed`, for every few of people's acts, which are `pause` seconds apart."""

    def __init__(
        self,
        seed: int,
        discord: DiscordServer,
        cad: SonoranServer,
        database: DatabaseFaults,
        pause: float,
    ) -> None:
        # Apart, so that what one draws does not depend on how often another did.
        self._trouble = Random(f"{seed} trouble")  # noqa: S311 - to be repeatable is the point
        self._database_trouble = Random(f"{seed} database")  # noqa: S311 - likewise
        self._discord = discord
        self._cad = cad
        self._database = database
        self._pause = pause
        self._away = False

    async def disturb(self) -> None:
        """Let things go wrong on both sides, for ever."""
        while True:
            await asyncio.sleep(self._trouble.expovariate(1 / (6 * self._pause)))
            if self._away:
                continue
            if self._trouble.random() < 0.25:
                self._cad.faults.clear()  # else it would hardly ever take a note at once
            elif self._trouble.random() < 0.05:
                odd_neighbours(self._trouble, self._cad)
            elif self._trouble.random() < 0.6:
                self._cad.faults.add(cad_fault(self._trouble))
            elif len(self._discord.faults.pending) < 5:
                self._discord.faults.add(discord_fault(self._trouble))

    async def disturb_database(self) -> None:
        """Keep the bot from its database now and then, for ever."""
        while True:
            await asyncio.sleep(self._database_trouble.expovariate(1 / (100 * self._pause)))
            await self._database.next(self._database_trouble)

    async def outage(self, seconds: float) -> None:
        """Let the CAD be away for so long."""
        self._cad.faults.clear()
        self._cad.faults.add(Fault(on="any", times=None, abort="before"))
        self._away = True
        await asyncio.sleep(seconds)
        self._away = False
        self._cad.faults.clear()

    def end(self) -> None:
        """End what goes wrong on both sides."""
        self._cad.faults.clear()
        self._discord.faults.clear()
