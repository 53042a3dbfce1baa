"""The sandbox's small world: a Discord server, a CAD with live calls, and the bot between them."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import MappingProxyType

from bot.config import Config
from bot.process import serve
from bot.sonoran import Credentials
from bot.standins.discord_server import Channel, DiscordServer, Interaction, Member
from bot.standins.sonoran_server import Fault, SonoranServer
from bot.storage.address import DEFAULT, DatabaseAddress

TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the stand-in
API_KEY = "sandbox-key"
COMMUNITY_ID = "sandbox"
START_SECONDS = 20.0

CALLS = (
    (123, "Traffic stop", "Route 9"),
    (124, "Burglary alarm", "12 Elm Street"),
    (130, "Vehicle pursuit", "Harbor Bridge"),
)
"""The live calls' numbers, titles and addresses."""


class Scene:
    """Three people, one channel, three calls, and the bot; made by `open_scene`."""

    def __init__(self, discord: DiscordServer, cad: SonoranServer, folder: Path) -> None:
        self._discord = discord
        self._cad = cad
        self._database = DatabaseAddress.parse(DEFAULT, folder=folder)
        guild = discord.add_guild(name="Rockford County")
        role = guild.add_role("Dispatcher")
        self._role_id = role.id
        self._channel: Channel = guild.add_channel("dispatch")
        self.people: dict[str, Member] = {
            "dispatcher": guild.add_member("dana", nick="Dana D-2", roles=[role]),
            "civilian": guild.add_member("casey", nick="Casey"),
            "admin": guild.add_member("alex", nick="Alex", permissions=1 << 3),
        }
        for number, title, address in CALLS:
            cad.add_call(number, title=title, address=address)
        self._stop = asyncio.Event()
        self._bot: asyncio.Task[None] | None = None

    async def start_bot(self) -> None:
        """Start the bot, after stopping the one that runs; returns once it is connected.

        Raises `TimeoutError` when it does not connect.
        """
        await self.stop_bot()
        self._stop = asyncio.Event()
        self._bot = asyncio.create_task(
            serve(
                Config(
                    discord_token=TOKEN,
                    credentials=Credentials(api_key=API_KEY, community_id=COMMUNITY_ID),
                    database=self._database,
                    dispatcher_role_ids=frozenset({self._role_id}),
                    sonoran_api_url=self._cad.url,
                    discord_api_url=self._discord.api_url,
                ),
                self._stop,
            )
        )
        connected = asyncio.create_task(self._discord.connected())
        await asyncio.wait(
            {connected, self._bot}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if not connected.done():
            connected.cancel()
            raise TimeoutError("the bot did not connect to the stand-in")

    async def stop_bot(self) -> None:
        """Stop the bot as a host would, letting notes in flight finish."""
        self._stop.set()
        if self._bot is not None:
            await self._bot

    async def use_callnote(self, person: str, options: dict[str, str | int]) -> Interaction:
        """Let one of the people use `/callnote`."""
        return await self._discord.use_command(
            self.people[person], self._channel, "callnote", options
        )

    def set_cad(self, manner: str) -> None:
        """Make the CAD behave in one of the manners of `MANNERS` from now on."""
        self._cad.faults.clear()
        self._cad.api_key = API_KEY
        MANNERS[manner](self._cad)

    async def set_version(self, version: int) -> None:
        """Let the CAD speak only version 1, or both with version 2, and restart the bot."""
        self._cad.versions = {1} if version == 1 else {1, 2}
        await self.start_bot()

    def calls(self) -> list[str]:
        """Return a line for each live call with its notes."""
        return [
            f"#{number} {title}: "
            + (
                "; ".join(f"{note.label}: {note.content!r}" for note in self._cad.notes(number))
                or "-"
            )
            for number, title, _ in CALLS
        ]


def _wrong_key(cad: SonoranServer) -> None:
    cad.api_key = "another-key"


def _faulty(**fields: object) -> Callable[[SonoranServer], None]:
    def put(cad: SonoranServer) -> None:
        cad.faults.add(Fault(on="note", times=None, **fields))  # type: ignore[arg-type]

    return put


MANNERS: MappingProxyType[str, Callable[[SonoranServer], None]] = MappingProxyType(
    {
        "ok": lambda _: None,
        "slow": _faulty(applied=True, delay=4.0),
        "silent": _faulty(applied=True, delay=60.0),
        "failing": _faulty(status=500, body="Internal error", content_type="text/plain"),
        "broken": _faulty(abort="before", applied=True),
        "webpage": _faulty(
            status=502, body="<html><h1>Bad gateway</h1></html>", content_type="text/html"
        ),
        "limited": _faulty(
            status=429,
            body='{"message": "API rate limit exceeded", "request_id": "5f2c"}',
            content_type="application/json",
            headers={"Retry-After": "30"},
        ),
        "wrong-key": _wrong_key,
    }
)
"""How the CAD can be made to behave, by the word that the sandbox's `cad` takes."""


@contextlib.asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    """Start the stand-ins on loopback and the bot against them; stops all of it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            DiscordServer(token=TOKEN) as discord,
            SonoranServer(community_id=COMMUNITY_ID, api_key=API_KEY) as cad,
        ):
            scene = Scene(discord, cad, Path(folder))
            try:
                await scene.start_bot()
                yield scene
            finally:
                await scene.stop_bot()
