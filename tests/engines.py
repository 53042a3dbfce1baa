"""A World whose bots have one database, on each engine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.postgresql import postgresql
from tests.world import World

ENGINES = ("sqlite", "postgresql")


@contextlib.asynccontextmanager
async def one_database(request: pytest.FixtureRequest, world: World) -> AsyncIterator[None]:
    """Let all bots have one database, on the engine that is the fixture's parameter."""
    if request.param == "sqlite":
        world.database = world.file(0)
        yield
        return
    async with postgresql(request.config) as address:
        world.database = address
        yield
        await world.finish()


@pytest.fixture(params=ENGINES)
async def kept(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Let all bots have one database."""
    async with one_database(request, world):
        yield world
