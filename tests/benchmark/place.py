"""Where the programs work: Discord with people who use `/callnote`, and a CAD with calls."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.sandbox.discord import DiscordServer, Guild, Interaction
from bot.sandbox.discord.permissions import MANAGE_GUILD, ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import Fault, SonoranServer
from tests.world import API_KEY, COMMUNITY, TOKEN

CALLS = 100
"""How many calls the notes are about, one after the other: Callnote keeps those of a call in order,
so that notes for one call alone would tell of the CAD's time and of nothing else."""

MEMBERS = 50
"""How many people send them, one after the other."""

LOOK_SECONDS = 0.2
"""How often it is looked whether everything is answered; what is measured is when it was."""

TOGETHER = 100
"""How many commands that come at once are made before anything else is done. After each single one
a program's requests would be served first, and so the quicker it is, the slower they would come."""

_CHANNELS, _ROLES = 20, 10  # of a guild

_DEFERRED = 5  # Discord API docs, "Interaction Callback Type"


@dataclass(frozen=True)
class Sample:
    """One use of the command; times are in seconds from its use, None for what never came.

    `acknowledged` tells of the first response, `answered` of the answer that the CAD has the note.
    `refused` tells that the first response said in words why not.
    """

    acknowledged: float | None
    answered: float | None
    refused: bool


class Place:
    """A guild with dispatchers, and as many others as are wanted, in which nothing happens."""

    def __init__(self, discord: DiscordServer, cad: SonoranServer, guilds: int) -> None:
        self.discord = discord
        self.cad = cad
        cad.rate_limited = False
        for number in range(CALLS):
            cad.add_call(number + 1)
        first, *_ = [self._guild(f"Guild {number}") for number in range(guilds)]
        self.guild = first
        self.role = first.add_role("Dispatcher")
        self.channel = first.add_channel("dispatch")
        self.members = [
            first.add_member(f"member{number}", nick=f"Member {number}", roles=[self.role])
            for number in range(MEMBERS)
        ]
        self.admin = first.add_member("admin", permissions=ORDINARY_PERMISSIONS | MANAGE_GUILD)
        self.spread = 0.0
        """Over how many seconds the commands of the last `load` were made."""
        self._used = 0
        self._at: dict[int, float] = {}

    def _guild(self, name: str) -> Guild:
        guild = self.discord.add_guild(name)
        for number in range(_ROLES):
            guild.add_role(f"role {number}")
        for number in range(_CHANNELS):
            guild.add_channel(f"channel {number}")
        return guild

    def delay_cad(self, seconds: float) -> None:
        """Let the CAD take that long for each note."""
        self.cad.faults.clear()
        if seconds:
            self.cad.faults.add(Fault(times=None, applied=True, delay=seconds))

    async def use(self) -> Interaction:
        """Let the next member add a note to the next call."""
        number, self._used = self._used, self._used + 1
        at = time.monotonic()
        interaction = await self.discord.use_command(
            self.members[number % MEMBERS],
            self.channel,
            "callnote",
            {"call": str(number % CALLS + 1), "note": f"Suspect {number} fled north on foot"},
        )
        self._at[interaction.id] = at
        return interaction

    async def load(
        self,
        count: int,
        *,
        per_second: float | None = None,
        answers: bool = True,
        seconds: float = 60.0,
    ) -> list[Sample]:
        """Let the command be used `count` times and return what came of each, in order.

        `per_second` is how often, None for all at once. The answers, or without `answers` the
        first responses, are waited for at most `seconds`.
        """
        gc.collect()
        gc.freeze()  # lest a collection in this process delays what it measures
        seen = len(self.discord.requests)
        began = time.monotonic()
        used = []
        for number in range(count):
            if per_second is not None:
                await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            elif number % TOGETHER == 0:
                await asyncio.sleep(0)  # so that the gateway can send what there is
            used.append(await self.use())
        self.spread = time.monotonic() - began
        deadline = time.monotonic() + seconds
        while True:
            samples = self._samples(used, seen)
            complete = all(
                sample.refused
                or interaction.failed
                or (sample.answered if answers else sample.acknowledged) is not None
                for sample, interaction in zip(samples, used, strict=True)
            )
            if complete or time.monotonic() >= deadline:
                return samples
            await asyncio.sleep(LOOK_SECONDS)

    def _samples(self, used: list[Interaction], seen: int) -> list[Sample]:
        first: dict[str, tuple[float, bool]] = {}
        last: dict[str, float] = {}
        for request in self.discord.requests[seen:]:
            if request.answered_at is None or request.status not in (200, 204):
                continue
            if request.route == "callback":
                refused = request.body.get("type") != _DEFERRED
                first[request.path.split("/")[3]] = request.answered_at, refused
            elif request.route == "edit_original" and _tells_success(request.body):
                last[request.path.split("/")[3]] = request.answered_at
        samples = []
        for interaction in used:
            at = self._at[interaction.id]
            acknowledged, refused = first.get(interaction.token, (None, False))
            answered = last.get(interaction.token)
            samples.append(
                Sample(
                    None if acknowledged is None else acknowledged - at,
                    None if answered is None else answered - at,
                    refused,
                )
            )
        return samples


def _tells_success(body: object) -> bool:
    content = body.get("content") if isinstance(body, dict) else None
    return isinstance(content, str) and content.startswith("NOTE ")


@contextlib.asynccontextmanager
async def place(guilds: int = 1) -> AsyncIterator[Place]:
    """Give a new place until the end of the block."""
    async with (
        DiscordServer(token=TOKEN) as discord,
        SonoranServer(community_id=COMMUNITY, api_key=API_KEY) as cad,
    ):
        yield Place(discord, cad, guilds)


def quantile(values: list[float], part: float) -> float:
    """Return the value below which that part of the values lies; not a number without any."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[round(part * 100) - 1]
