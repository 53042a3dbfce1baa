"""A dispatcher's note on its way to the CAD."""

from __future__ import annotations

from bot.sonoran import AddedNote, CallNote, SonoranClient, SonoranError


class NoteNotAddedError(Exception):
    """The CAD did not confirm `note`; `cause` says what may be done next."""

    def __init__(self, note: CallNote, cause: SonoranError) -> None:
        super().__init__(str(cause))
        self.note = note
        self.cause = cause


async def add_note(cad: SonoranClient, note: CallNote) -> AddedNote:
    """Send a note to the CAD, once; raises `NoteNotAddedError` unless it was added."""
    try:
        return await cad.add_call_note(note)
    except SonoranError as error:
        raise NoteNotAddedError(note, error) from error
