"""Finds what people name in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

_Thing = TypeVar("_Thing")


def named(name: str, things: Mapping[str, _Thing], kind: str) -> _Thing:
    """Return the thing of that name, case aside; raises `LookupError` with the names there are."""
    for known, thing in things.items():
        if known.lower() == name.lower():
            return thing
    raise LookupError(f"There is no such {kind}; there is: {', '.join(things) or 'none'}")
