"""What can be wrong with a note, or with a button below one."""

from __future__ import annotations

from enum import StrEnum, auto


class NoteProblem(StrEnum):
    """Why a note was not accepted, changed or shown."""

    NO_CALL_NUMBER = auto()
    CALL_NUMBER_AFTER_DASH = auto()
    """The `call` option is no call number, but ends with one after a dash."""
    NO_CALL_CHOSEN = auto()  # in the form, neither from the list nor by number
    TEXT_UNREADABLE = auto()  # of a form that was refused: Discord does not give its text again
    UNKNOWN_SERVER = auto()  # the `server` option is no number, nor a name found in the CAD's list
    BLANK_NOTE = auto()
    LONG_NOTE = auto()
    STORAGE_DOWN = auto()
    STORAGE_FULL = auto()
    ACCESS_REFUSED = auto()  # the CAD refuses the key, community or plan, which is confirmed
    TOO_MANY_WAITING = auto()
    SHARE_USED = auto()  # of this server or member, so that others' notes have room
    TOO_BUSY = auto()  # so many came at once that it might not be acknowledged in time
    NO_ROOM = auto()  # for the button's note, which may be in the CAD, among those that wait
    NOTE_UNREADABLE = auto()  # the database did not give the button's note
    NOTE_GONE = auto()  # the button's note was deleted, or belongs to another guild
    NOTE_MOVED_ON = auto()  # the button's note is no longer in a state that offers the action
    NOTE_TOO_OLD = auto()  # the button's note failed too long ago to be tried again
    OTHER_CAD = auto()  # the button's note is for a CAD that its guild had before
    NOT_YOUR_NOTE = auto()
    ACTION_NOT_CONFIRMED = auto()  # the database did not confirm the button's action
    HISTORY_UNREADABLE = auto()
