"""What can be wrong with a call's card."""

from __future__ import annotations

from enum import StrEnum, auto


class CardProblem(StrEnum):
    """Why a call's card is not shown, or not kept in a channel."""

    CALLS_UNKNOWN = auto()  # the live calls were never read, and cannot be now
    CALL_ENDED = auto()  # the call with the number `call` is closed or gone
    CARDS_OFF = auto()
    CARD_FORBIDDEN = auto()  # Discord does not let Callnote write in the channel
    CARD_NOT_POSTED = auto()
    CARD_NOT_STORED = auto()
    CARD_LEFT = auto()  # the card in the channel is not kept up to date any more
    OUTDATED_CARD = auto()  # the message does not offer this, or is about another CAD
