"""The one place that puts what went wrong into words for people.

Each answer says what happened and, in one short sentence, what to do next. Text from outside
comes in literally, on a line of its own making.
"""

from __future__ import annotations

import math

from discord import app_commands

from bot.literal import CONTENT_LIMIT, literal, utf16_units
from bot.notes import NoteNotAddedError
from bot.refusals import (
    BlankNoteError,
    CallNumberError,
    LongNoteError,
    NoDispatcherRoleError,
    NotDispatcherError,
    NotInGuildError,
    Refusal,
    SettingsUnknownError,
)
from bot.setting_wording import setting_refusal
from bot.sonoran import (
    CallNote,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)

_DAY_SECONDS = 86_400
_HEAD_LIMIT = 900  # UTF-16 units; leaves a failed note room to be copied from the answer


_SAID_LIMIT = 4000  # characters; a reply may have 64 KiB, of which little can be shown


def forgotten(*, setting: bool) -> str:
    """Return the answer for a command that no copy of the bot finished.

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
    if isinstance(error, NoteNotAddedError):
        return _not_added(error.note, error.cause)
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
            roles = literal(", ".join(f"@{role}" for role in error.roles), limit=_HEAD_LIMIT)
            return f"To add notes you need one of these roles: {roles}"
        case NotDispatcherError():
            return (
                "To add notes you need one of the dispatcher roles: ask an administrator for one."
            )
    return setting_refusal(error) or "This cannot be done here: ask an administrator."


def _not_added(note: CallNote, error: SonoranError) -> str:
    state = "Not confirmed for" if isinstance(error, OutcomeUnknownError) else "Not added to"
    head = literal(f"{state} call #{note.call_id}: {_said(error)[:_SAID_LIMIT]}", limit=_HEAD_LIMIT)
    lines = f"{head}\n{_advice(error)}\n"
    room = CONTENT_LIMIT - utf16_units(lines)
    return lines + literal(f"Your note: {note.text}", limit=room)


_REASONS = {
    Reason.NO_CONNECTION: "Sonoran CAD cannot be reached",
    Reason.NO_ANSWER: "Sonoran CAD did not answer in time",
    Reason.BROKEN_CONNECTION: "the connection to Sonoran CAD broke",
    Reason.SERVER_ERROR: "Sonoran CAD has trouble of its own",
    Reason.UNCLEAR_REPLY: "Sonoran CAD did not say whether it was added",
    Reason.WRONG_ADDRESS: "Sonoran CAD is not at this address",
    Reason.STOPPED: "Callnote was stopped before Sonoran CAD answered",
}


def _said(error: SonoranError) -> str:
    """Return the CAD's own text, or what happened where it said nothing."""
    match error:
        case RefusedError():
            return error.text or f"status {error.status} without a text"
        case RateLimitedError():
            return error.text or "too many requests"
        case OutcomeUnknownError() | NoEffectError():
            return error.text or _REASONS[error.reason]
    return str(error)


def _advice(error: SonoranError) -> str:
    match error:
        case CredentialsError():
            return _credentials_advice(error)
        case RefusedError():
            return _refused_advice(error)
        case RateLimitedError(retry_after=None):
            return "The CAD is taking too many requests: try again in a minute."
        case RateLimitedError():
            wait = duration(error.retry_after or 0.0)
            return f"The CAD is taking too many requests: try again in {wait}."
        case NoEffectError(reason=Reason.WRONG_ADDRESS):
            return (
                "Nothing was stored: an administrator should check SONORAN\\_API\\_URL and "
                "SONORAN\\_API\\_VERSION."
            )
        case NoEffectError(retry_in=float(seconds)):
            return (
                f"Nothing was sent: try again in {duration(seconds)}, when the CAD is asked anew."
            )
        case NoEffectError():
            return "Nothing was sent: try again in a moment."
    return "The note may have been added: check the call in the CAD before sending it again."


def _refused_advice(error: RefusedError) -> str:
    if "INVALID REQUEST TYPE" in error.text.upper():
        return "An administrator should check SONORAN\\_API\\_URL and SONORAN\\_API\\_VERSION."
    if error.status == 404:
        return (
            "Check the call number; if it is right, an administrator should check "
            "SONORAN\\_SERVER\\_ID."
        )
    if error.status == 400:
        return "Check the call number and the note, then try again."
    return "Show this to an administrator."


def _credentials_advice(error: CredentialsError) -> str:
    said = error.text.upper()
    if "INVALID COMMUNITY ID" in said:
        advice = "An administrator must correct SONORAN\\_COMMUNITY\\_ID."
    elif "NOT ENABLED" in said:
        advice = "An administrator must enable the API for the community in Sonoran CAD."
    elif error.status == 402 or said.startswith("VERSION "):
        advice = "An administrator must check the community's Sonoran CAD plan."
    elif error.status == 403:
        advice = "An administrator must check what this API key and plan allow in Sonoran CAD."
    else:
        advice = "An administrator must correct SONORAN\\_API\\_KEY."
    if not error.remembered:
        return advice
    return (
        f"{advice} The CAD was not asked again, as it said so a moment ago; try again in "
        f"{duration(error.retry_in)}."
    )


def duration(seconds: float) -> str:
    """Return a delay in words, rounded up to whole seconds or, from two minutes on, minutes."""
    if seconds > _DAY_SECONDS:
        return "more than a day"
    whole = max(1, math.ceil(seconds))
    if whole >= 120:
        return f"{math.ceil(whole / 60)} minutes"
    return f"{whole} second{'s' if whole > 1 else ''}"
