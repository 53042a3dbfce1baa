"""Starts what the host's settings ask for: metrics and error reports.

What is off costs nothing, as its libraries are not imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from bot.app.client import CallnoteBot
from bot.app.services import Services
from bot.config import Config
from bot.timing import Timing

if TYPE_CHECKING:
    from bot.monitoring.metrics import Metrics, State


def error_reports(config: Config, timing: Timing) -> AbstractContextManager[None]:
    """Report errors during a block if SENTRY_DSN is set."""
    if config.sentry_dsn is None:
        return contextlib.nullcontext()
    from bot.monitoring.error_reports import error_reports

    return error_reports(config.sentry_dsn, config.proxy, last_words=timing.report_errors)


def metrics_for(config: Config) -> Metrics | None:
    """Return the metrics if METRICS_ADDRESS is set."""
    if config.metrics_address is None:
        return None
    from bot.monitoring.metrics import Metrics

    return Metrics()


async def serve_metrics(
    address: tuple[str, int], metrics: Metrics, services: Services, stopping: asyncio.Event
) -> None:
    """Serve the endpoint until cancelled; it is not ready once `stopping` is set."""
    from bot.monitoring.endpoint import Endpoint

    await Endpoint(
        address=address,
        readiness=lambda: _readiness(services, stopping),
        exposition=lambda: metrics.exposition(_state(services)),
        timing=services.timing,
    ).run()


def _readiness(services: Services, stopping: asyncio.Event) -> Mapping[str, bool]:
    bot = _bot(services)
    connected, shards = bot.connected_shards if bot else (0, 0)
    return {
        "running": not stopping.is_set(),
        "database": not services.supervisor.down,
        "discord": 0 < shards == connected,
    }


def _state(services: Services) -> State:
    from bot.monitoring.metrics import State

    bot, outbox = _bot(services), services.notes.outbox
    latencies = [latency for _, latency in bot.latencies] if bot else []
    connected, shards = bot.connected_shards if bot else (0, 0)
    failures = [delivery.breaker.last_failure for delivery in outbox.deliveries]
    return State(
        guilds=len(bot.guilds) if bot else 0,
        gateway_latency_seconds=max(filter(math.isfinite, latencies), default=math.nan),
        gateway_shards=shards,
        gateway_shards_connected=connected,
        notes_waiting=outbox.waiting_count,
        oldest_note_seconds=outbox.longest_wait,
        cad_circuit_breakers=len(failures),
        cad_circuit_breakers_open=sum(failure is not None for failure in failures),
        database_up=not services.supervisor.down,
    )


def _bot(services: Services) -> CallnoteBot | None:
    """Return the present client, None while there is none."""
    client = services.notes.messages.client
    return client if isinstance(client, CallnoteBot) else None
