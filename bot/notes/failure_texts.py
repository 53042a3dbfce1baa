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


UNANSWERED = "Callnote could not finish this command: see /callnote-config status and try again."
"""The answer to a command that no instance of the bot finished; notes are found out about."""


def failure(error: Exception, reference: str, *, setting: bool = False) -> str:
    """Return the content that tells a member what went wrong, at most 2,000 characters.

    `reference` stands in the answer to an unexpected error, to be found again in the log.
    `setting` tells that the command was about settings, not about a note.
    """
    if isinstance(error, SettingsUnknownError) and setting:
        return (
            "Nothing changed: Callnote can't reach its database, so it does not know the settings. "
            "See /callnote-config status, and try again in a moment."
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
        return "Callnote cannot see that channel: give it View Channel there and try again."
    if setting:
        return (
            "Something went wrong in Callnote. See /callnote-config status, and give the bot's "
            f"host this code: {reference}"
        )
    return (
        "Something went wrong in Callnote. Look at the call before you send the note again, and "
        f"give an administrator this code: {reference}"
    )


def _refusal(error: Refusal) -> str:
    match error:
        case CallNumberError(after_dash=True):
            return "Use the number after the dash: a call number is a whole number such as 123."
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
                "Callnote can't reach its database, so it does not know who may add notes here; "
                "nothing was sent. Try again in a moment."
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
            return "Not added: Callnote's database is full. Tell the bot's host."
        case StorageDownError():
            return (
                "Not added: Callnote's database is not answering, so nothing was sent. Try again "
                "in a moment."
            )
        case WaitingLimitError():
            return (
                f"Not added: {error.limit:,} notes are already waiting for Sonoran CAD. Try again "
                "in a few minutes."
            )
        case NoteGoneError():
            return "Callnote no longer has this note. Look at the call; send it again if needed."
        case NoteMovedOnError():
            return "This note has changed: its message shows the latest."
        case NoteTooOldError():
            return "This note failed more than a day ago. Send it again if you still need it."
        case NotYourNoteError():
            return "Only the note's author or an administrator can do this."
    about = connection_refusal(error) or setting_refusal(error)
    return about or "This cannot be done here: ask an administrator."
