"""The moments at which a process of the bot is ended."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from random import Random

from bot.sandbox.discord import DiscordServer
from bot.sandbox.sonoran import Fault, SonoranServer
from tests.randomized.faults import LATE_SECONDS
from tests.randomized.witness import Witness

STATES = ("received", "queued", "sending", "checking", "added", "unconfirmed", "failed")
MOMENTS = ("time", "row", "request", "edit", "callback")
MOMENT_SECONDS = 5.0
"""How long a moment is waited for."""


@dataclass(frozen=True)
class Moments:
    """Waits for moments of kinds that `fate` draws."""

    fate: Random
    discord: DiscordServer
    cad: SonoranServer
    witness: Witness

    async def next(self) -> None:
        """Wait for one, at most `MOMENT_SECONDS`."""
        moment = self.fate.choice(MOMENTS)
        state = self.fate.choice(STATES)
        pause = self.fate.uniform(0.0, 1.5)
        late = self.fate.randrange(3)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOMENT_SECONDS):
                match moment:
                    case "time":
                        await asyncio.sleep(pause)
                    case "row":
                        await self.witness.reached(state)
                    case "request":
                        await self._request(late)
                    case "edit":
                        await self._arrived("edit_original")
                    case "callback":
                        await self._arrived("callback")

    async def _request(self, late: int) -> None:
        """Wait until the CAD got a note: stored, stored after the kill, or never."""
        if late:
            self.cad.faults.clear()
            self.cad.faults.add(
                Fault(delay=LATE_SECONDS, applied=True, survives_disconnect=late == 1)
            )
        await self.cad.received(len(self.cad.note_requests) + 1)

    async def _arrived(self, route: str) -> None:
        requests = self.discord.requests
        seen = len(requests)
        await self.discord.world.changes.until(
            lambda: any(request.route == route for request in requests[seen:])
        )
