"""The metrics, in the form that Prometheus reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot import __version__
from bot.observer import Observer
from bot.outbox import NoteState

# Up to `NOTE_GIVE_UP_SECONDS`, the CAD's time-out and that of a transaction.
_QUEUE_BUCKETS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)
_CAD_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DATABASE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

_STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_NO_ANSWER = "none"
_KINDS = {False: "identify", True: "resume"}


def _gauge(meaning: str) -> Any:
    return field(metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How Callnote is at the moment; each field is a gauge."""

    guilds: int = _gauge("Discord servers that the bot is in.")
    gateway_latency_seconds: float = _gauge(
        "Seconds between a heartbeat and Discord's answer to it, of the slowest shard; NaN while "
        "that is not known."
    )
    gateway_shards: int = _gauge("Shards of this process, each a connection to Discord's gateway.")
    gateway_shards_connected: int = _gauge("Shards that have a session with Discord now.")
    notes_waiting: int = _gauge("Accepted notes without an outcome.")
    oldest_note_seconds: float = _gauge(
        "Seconds for which the oldest of them has waited, 0 without any."
    )
    cad_circuit_breakers: int = _gauge(
        "CAD communities with notes now or lately; each has a circuit breaker."
    )
    cad_circuit_breakers_open: int = _gauge(
        "Those whose notes are held back, as their CAD accepts none now."
    )
    database_up: bool = _gauge("1 if the database could be used at the last request, else 0.")


class Metrics(Observer):
    """Counts what it is told of. No label has more than a few fixed values, none is a name."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("callnote_build", "The running version.", registry=registry).info(
            {"version": __version__}
        )
        self._gauges = {
            each.name: Gauge(f"callnote_{each.name}", each.metadata["meaning"], registry=registry)
            for each in fields(State)
        }
        self._notes = Counter(
            "callnote_notes",
            "Notes by their outcome; one that is taken up again counts again.",
            ["outcome"],
            registry=registry,
        )
        self._queued = Histogram(
            "callnote_note_queue_seconds",
            "Seconds from a note's acceptance to its outcome.",
            buckets=_QUEUE_BUCKETS,
            registry=registry,
        )
        self._cad = Histogram(
            "callnote_cad_request_seconds",
            "Seconds that a request to the CAD took, by its status class.",
            ["status"],
            buckets=_CAD_BUCKETS,
            registry=registry,
        )
        self._transactions = Histogram(
            "callnote_database_transaction_seconds",
            "Seconds that a committed transaction took, waiting for its turn included.",
            buckets=_DATABASE_BUCKETS,
            registry=registry,
        )
        self._failed_transactions = Counter(
            "callnote_database_failures",
            "Transactions that the database did not carry out.",
            registry=registry,
        )
        self._connections = Counter(
            "callnote_gateway_connections",
            "Connections to Discord's gateway, the first included, by how the session began.",
            ["kind"],
            registry=registry,
        )
        # What has not happened yet is 0, not missing.
        for outcome in filter(lambda state: state.final, NoteState):
            self._notes.labels(outcome.value)
        for status in (*_STATUS_CLASSES, _NO_ANSWER):
            self._cad.labels(status)
        for kind in _KINDS.values():
            self._connections.labels(kind)

    def note_finished(self, outcome: str, seconds: float) -> None:
        """Count a note."""
        self._notes.labels(outcome).inc()
        self._queued.observe(seconds)

    def cad_request_ended(self, status: int | None, seconds: float) -> None:
        """Count a request to the CAD."""
        status_class = _NO_ANSWER if status is None else f"{status // 100}xx"
        self._cad.labels(status_class).observe(seconds)

    def transaction_ended(self, seconds: float, *, failed: bool) -> None:
        """Count a transaction."""
        if failed:
            self._failed_transactions.inc()
        else:
            self._transactions.observe(seconds)

    def gateway_connected(self, *, resumed: bool) -> None:
        """Count a connection."""
        self._connections.labels(_KINDS[resumed]).inc()

    def exposition(self, state: State) -> bytes:
        """Return all metrics in Prometheus's text format (`CONTENT_TYPE_LATEST`)."""
        for name, value in asdict(state).items():
            self._gauges[name].set(value)
        return generate_latest(self._registry)
