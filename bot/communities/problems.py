"""What can keep a server from the CAD."""

from __future__ import annotations

from enum import StrEnum, auto


class ConnectionProblem(StrEnum):
    """Why a server may not reach the CAD, or cannot be connected."""

    NOT_CONNECTED = auto()
    NOT_MEMBER = auto()
    """The bot is not in the server, which was given its commands alone."""
    CONNECTION_UNKNOWN = auto()
    """The settings were not read since the start, so nobody can tell who is connected."""
    OWNERS_UNKNOWN = auto()
