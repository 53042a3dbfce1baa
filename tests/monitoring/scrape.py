"""Reads the endpoint of a World's bot as Prometheus and an orchestrator do."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Self

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.outbox.workers import eventually
from tests.world import PATIENCE, World

ANY_PORT = ("127.0.0.1", 0)


class Scraper:
    """The endpoint at `url`, an address without a path."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    @classmethod
    async def of_bot(
        cls,
        world: World,
        session: aiohttp.ClientSession,
        caplog: pytest.LogCaptureFixture,
        address: tuple[str, int] = ANY_PORT,
    ) -> Self:
        """Start a World's bot with an endpoint, which its log names."""
        caplog.set_level("INFO")
        world.config = replace(world.config, metrics_address=address)
        await world.start()
        return cls(session, await named(caplog))

    async def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body of an answer."""
        async with self._session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> tuple[int, dict[str, bool]]:
        """Return the status of `/readyz` and what is ready."""
        status, body = await self.get("/readyz")
        return status, json.loads(body)

    async def until_ready(self, **needs: bool) -> int:
        """Wait until the bot has these needs, or lacks them; returns the status then."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, found = await self.ready()
                if needs.items() <= found.items():
                    return status
                await asyncio.sleep(0.01)

    async def samples(self) -> dict[str, float]:
        """Return the value of each sample, but for a histogram's buckets, by its name.

        A label's value stands behind the name: `callnote_notes_total added`.
        """
        _, text = await self.get("/metrics")
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if "le" not in sample.labels
        }


async def named(caplog: pytest.LogCaptureFixture) -> str:
    """Wait until the log names the endpoint, and return its address."""

    def found() -> re.Match[str] | None:
        return re.search(r"metrics are at (http://\S+)/metrics", caplog.text)

    await eventually(lambda: found() is not None)
    match = found()
    assert match is not None
    return match[1]
