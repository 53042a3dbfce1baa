"""The one place that puts what went wrong into words for people.

Each answer says what happened and, in one short sentence, what to do next. Text from outside
comes in literally, on a line of its own making.
"""

from __future__ import annotations

from discord import app_commands

from bot.communities.texts import connection_refusal
from bot.interactions.errors import (
    BlankNoteError,
    CallNumberError,
    LongNoteError,
    NoDispatcherRoleError,
    NotDispatcherError,
    NoteGoneError,
    NoteMovedOnError,
    NoteTooOldError,
    NotInGuildError,
    NotYourNoteError,
    Refusal,
    SettingsUnknownError,
    StorageDownError,
    WaitingLimitError,
)
from bot.interactions.markdown import escape_markdown
from bot.settings.texts import setting_refusal

_NAMES_LIMIT = 900  # UTF-16 units, for the names of roles


def unanswered(*, setting: bool) -> str:
    """Return the answer for a command that no instance of the bot finished.

    `setting` tells that it was about settings, not about a note.
    """
    if setting:
        return "Callnote could not finish this command: see /callnote-config status and try again."
    return (
        "Callnote could not finish this command: check the call in Sonoran CAD before sending "
        "the note again."
    )


def failure(error: Exception, reference: str, *, setting: bool = False) -> str:
    """Return the content that tells a member what went wrong, at most 2,000 characters.

    `reference` stands in the answer to an unexpected error, to be found again in the log.
    `setting` tells that the command was about settings, not about a note.
    """
    if isinstance(error, SettingsUnknownError) and setting:
        return (
            "The settings are not known yet, as Callnote's storage can't be reached; nothing was "
            "changed: see /callnote-config status, and try again in a moment."
        )
    if isinstance(error, NotInGuildError) and setting:
        return (
            "Callnote is set up in a channel of a server, not in direct messages: use the command "
            "there."
        )
    if isinstance(error, Refusal):
        return _refusal(error)
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return "This command has changed: restart Discord and try again."
    if isinstance(error, app_commands.TransformerError):
        return "Callnote cannot see what was chosen: give it View Channel there and try again."
    if setting:
        return (
            "Something went wrong in Callnote: see with /callnote-config status what is in force, "
            f"and give whoever hosts the bot this reference: {reference}"
        )
    return (
        "Something went wrong in Callnote: check the call in Sonoran CAD before sending the note "
        f"again, and give your administrator this reference: {reference}"
    )


def _refusal(error: Refusal) -> str:
    match error:
        case CallNumberError():
            return "A call number is a whole number such as 123 or #123, from 1 up."
        case BlankNoteError():
            return "The note is empty: type what should be added to the call."
        case LongNoteError():
            return (
                f"The note has {error.length:,} characters and may have {error.limit:,}: shorten "
                "it, or send it in parts."
            )
        case NotInGuildError():
            return "Notes can only be added in a channel of a server, not in direct messages."
        case NoDispatcherRoleError():
            return (
                "Nobody may add notes here yet: an administrator must choose the dispatcher roles "
                "of this server with /callnote-config roles."
            )
        case SettingsUnknownError():
            return (
                "Callnote's storage can't be reached, so it does not know who may add notes here; "
                "nothing was sent: try again in a moment."
            )
        case NotDispatcherError() if error.roles:
            roles = escape_markdown(
                ", ".join(f"@{role}" for role in error.roles), limit=_NAMES_LIMIT
            )
            return f"To add notes you need one of these roles: {roles}"
        case NotDispatcherError():
            return (
                "To add notes you need one of the dispatcher roles: ask an administrator for one."
            )
        case StorageDownError(full=True):
            return (
                "Callnote's storage is full, so nothing was accepted: tell whoever hosts the bot."
            )
        case StorageDownError():
            return (
                "Callnote's storage is not answering, so nothing was accepted or sent: try again "
                "in a moment."
            )
        case WaitingLimitError():
            return (
                f"{error.limit:,} notes are waiting for Sonoran CAD already, so this one was not "
                "accepted: try again when it answers."
            )
        case NoteGoneError():
            return "This note is not kept any more: look at the call, and send it anew if needed."
        case NoteMovedOnError():
            return "This note has moved on: its message says where it stands now."
        case NoteTooOldError():
            return "This note was given up more than a day ago: send it anew if it is still needed."
        case NotYourNoteError():
            return "Only the note's author or an administrator can do this."
    about = connection_refusal(error) or setting_refusal(error)
    return about or "This cannot be done here: ask an administrator."
