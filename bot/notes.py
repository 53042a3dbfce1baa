"""A dispatcher's note on its way to the CAD."""

from __future__ import annotations

import asyncio

from bot.sonoran import (
    AddedNote,
    CallNote,
    OutcomeUnknownError,
    Reason,
    SonoranClient,
    SonoranError,
)


class NoteNotAddedError(Exception):
    """The CAD did not confirm `note`; `cause` says what may be done next."""

    def __init__(self, note: CallNote, cause: SonoranError) -> None:
        super().__init__(str(cause))
        self.note = note
        self.cause = cause


async def add_note(cad: SonoranClient, note: CallNote) -> AddedNote:
    """Send a note to the CAD, once.

    Raises `NoteNotAddedError` unless it was added, also when the task is cancelled meanwhile: the
    member must still learn that the outcome is not known.
    """
    try:
        return await cad.add_call_note(note)
    except asyncio.CancelledError:
        raise NoteNotAddedError(note, OutcomeUnknownError(Reason.STOPPED)) from None
    except SonoranError as error:
        raise NoteNotAddedError(note, error) from error
