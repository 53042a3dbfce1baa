"""What a client of Sonoran CAD needs in a test: a CAD with one call, a session, a note.

A test module takes over the fixtures that it uses: `cad = sonoran_client.cad`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import CallNote, Credentials, open_session

KEY = "sandbox-key"
CREDENTIALS = Credentials(KEY, "rockford")
NOTE = CallNote(server_id=1, call_id=123, text="Caller hung up", label="D-2")


def about(seconds: float) -> Any:
    """Return what equals a delay of which a part is over."""
    return pytest.approx(seconds, abs=seconds / 4)


@asynccontextmanager
async def serving(api_key: str = KEY) -> AsyncIterator[SonoranServer]:
    """Serve a community that has call 123 and takes this key."""
    async with SonoranServer(api_key=api_key) as server:
        server.add_call(123)
        yield server


@pytest.fixture
async def cad() -> AsyncIterator[SonoranServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(None) as opened:
        yield opened
