"""The read-only HTTP endpoint: `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.timing import Timing

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Answers GET and HEAD at `address`, a host and a port; port 0 takes a free one.

    `readiness` names what the bot needs and tells whether it has it; without all of it `/readyz`
    answers 503. `exposition` returns the metrics.
    """

    address: tuple[str, int]
    readiness: Callable[[], Mapping[str, bool]]
    exposition: Callable[[], bytes]
    timing: Timing

    async def run(self) -> None:
        """Answer until cancelled; while another process has the address, try again."""
        application = web.Application()
        application.router.add_get("/livez", self._live)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=self.timing.end_endpoint
        )
        await runner.setup()
        try:
            await self._listen(runner)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        site = web.TCPSite(runner, *self.address)
        failed = False
        while True:
            try:
                await site.start()
            except OSError as error:
                await site.stop()  # else it could not be started again
                if not failed:
                    _log.error("METRICS_ADDRESS cannot be used, trying again: %s", error)
                failed = True
                await asyncio.sleep(self.timing.listen_again)
            else:
                _log.info("metrics are at %s/metrics", site.name)
                return

    async def _live(self, _: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, _: web.Request) -> web.Response:
        needs = self.readiness()
        ready = all(needs.values())
        return web.json_response({"ready": ready, **needs}, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})
