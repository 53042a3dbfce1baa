"""Calls for tests."""

from __future__ import annotations

from typing import Any

from bot.sonoran import DispatchCall

CALL = DispatchCall(1, 123, "Traffic Stop", "10-50", "4234 E. Example Ave", False, ())


def call(call_id: int, title: str = "", **members: Any) -> DispatchCall:
    """Return a live call on CAD server 1 with these members."""
    known: dict[str, Any] = {"code": "", "address": "", "closed": False, "notes": ()}
    return DispatchCall(1, call_id, title, **known | members)
