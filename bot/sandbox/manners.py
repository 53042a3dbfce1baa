"""The ways in which the sandbox's CAD can misbehave."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from bot.sandbox.sonoran import Fault, SonoranServer


def _wrong_key(cad: SonoranServer) -> None:
    cad.api_key = "another-key"


def _blind(cad: SonoranServer) -> None:
    cad.faults.add(Fault(on="note", times=None, abort="before", applied=True))
    cad.faults.add(Fault(on="calls", times=None, status=503))


def _faulty(**fields: object) -> Callable[[SonoranServer], None]:
    def put(cad: SonoranServer) -> None:
        cad.faults.add(Fault(on="note", times=None, **fields))  # type: ignore[arg-type]

    return put


MANNERS: MappingProxyType[str, Callable[[SonoranServer], None]] = MappingProxyType(
    {
        "ok": lambda _: None,
        "slow": _faulty(applied=True, delay=4.0),
        "down": lambda _: None,
        "silent": _faulty(applied=True, delay=60.0),
        "failing": _faulty(status=500, body="Internal error", content_type="text/plain"),
        "broken": _faulty(abort="before", applied=True),
        "blind": _blind,
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
"""Makes a CAD behave so, by the word that the sandbox's `cad` takes."""
