"""What is to become of the notes of a guild that still wait."""

from __future__ import annotations

from enum import Enum, auto


class WaitingNotes(Enum):
    """What happens to a guild's notes that are not sent yet."""

    SEND = auto()
    """They are sent when their turn comes."""
    KEEP = auto()
    """They wait, until their time is over, for it to be known whether they may be sent."""
    WITHDRAW = auto()
    """They are cancelled."""
