"""What can keep a guild from the CAD."""

from __future__ import annotations

from enum import StrEnum, auto


class ConnectionProblem(StrEnum):
    """Why a guild may not reach the CAD, or cannot be connected."""

    NOT_CONNECTED = auto()
    NOT_MEMBER = auto()  # the bot is not in the guild, which has its commands alone
    CONNECTION_UNKNOWN = auto()
    """The settings have not been read yet, so it is not known who is connected."""
    OWNERS_UNKNOWN = auto()
