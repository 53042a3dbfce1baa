"""What can be wrong with a note, or with a press of a button below one."""

from __future__ import annotations

from enum import StrEnum, auto


class NoteProblem(StrEnum):
    """Why a note was not accepted, moved or shown."""

    NO_CALL_NUMBER = auto()
    CALL_NUMBER_AFTER_DASH = auto()
    """The `call` option is no call number, but one stands behind a dash in it."""
    BLANK_NOTE = auto()
    LONG_NOTE = auto()
    STORAGE_DOWN = auto()
    STORAGE_FULL = auto()
    TOO_MANY_WAITING = auto()
    NOTE_GONE = auto()
    """The note that a button is about is not kept any more, or is not of this guild."""
    NOTE_MOVED_ON = auto()
    """The note that a button is about is not in the state that the button was made for."""
    NOTE_TOO_OLD = auto()
    """The note that a button is about was given up too long ago to be taken up again."""
    NOT_YOUR_NOTE = auto()
    PRESS_NOT_CONFIRMED = auto()
    """The database did not confirm what a button was to do."""
    HISTORY_UNREADABLE = auto()
