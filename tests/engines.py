"""A World whose bots have one database, on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests import database as databases
from tests.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """Let all bots have one database."""
    if request.param == "sqlite":
        world.database = world.file(0)
        yield world
        return
    async with databases.postgresql(request.config) as address:
        world.database = address
        yield world
        await world.finish()
