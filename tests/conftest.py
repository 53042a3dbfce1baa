"""Fixtures that every test may use."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.standins.discord_server import DiscordServer
from bot.standins.sonoran_server import SonoranServer
from tests import server
from tests.clock import RunningClock
from tests.world import API_KEY, COMMUNITY, TOKEN, World


def pytest_configure(config: pytest.Config) -> None:
    if (worker := getattr(config, "workerinput", None)) is None:
        server.begin(config)
    else:
        server.join(config, worker["server"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["server"] = server.place(node.config)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = RunningClock()
    async with (
        DiscordServer(token=TOKEN, clock=clock) as discord,
        SonoranServer(community_id=COMMUNITY, api_key=API_KEY) as cad,
    ):
        world = World(discord, cad, tmp_path, clock)
        try:
            yield world
        finally:
            with contextlib.suppress(TimeoutError):
                await world.finish()
