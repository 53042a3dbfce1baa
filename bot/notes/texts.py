"""The texts about a note: its message, its buttons, and why something was refused.

Text from outside is escaped and shown on one line.
"""

from __future__ import annotations

import math
import re

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.interactions.texts import Catalogue
from bot.notes.call_texts import NO_FACTS, CallFacts, advice_about_call, named_below
from bot.notes.problems import NoteProblem
from bot.outbox import Failure, FailureKind, NoteRecord, NoteState
from bot.sonoran import Reason

_DAY_SECONDS = 86_400
_HEAD_LIMIT = 900  # UTF-16 units; leaves room for a failed note's text, to be copied
_REFUSAL_LIMIT = 200  # characters of the CAD's reply where a note is not accepted
_SAID_LIMIT = 4000  # characters of the CAD's reply, which may have 64 KiB

_NOT_ADDED = "❌ Not added to"
_NOT_CONFIRMED = "❓ Not confirmed for"
_STOPPED_TRYING = (
    "Callnote stopped trying; this attempt added nothing. Press Try again within a day"
)
NOT_SHOWN = "Discord does not show this note's text."
_SHOW_ADMINISTRATOR = "Show this to an administrator."


_STATUS_ALONE = "status {status} without a text"
_SAID = {
    FailureKind.REFUSED: _STATUS_ALONE,
    FailureKind.CREDENTIALS: _STATUS_ALONE,
    FailureKind.RATE_LIMITED: "too many requests",
    Reason.NO_CONNECTION: "Sonoran CAD cannot be reached",
    Reason.UNVERIFIED_CERTIFICATE: "Sonoran CAD's certificate cannot be verified",
    Reason.NO_ANSWER: "Sonoran CAD did not answer in time",
    Reason.BROKEN_CONNECTION: "the connection to Sonoran CAD broke",
    Reason.SERVER_ERROR: "Sonoran CAD had an internal error",
    Reason.UNCLEAR_REPLY: "Sonoran CAD did not say whether it was added",
    Reason.WRONG_ADDRESS: "Sonoran CAD is not at this address",
    Reason.STOPPED: "Callnote was stopped before Sonoran CAD answered",
}
"""What is shown when the CAD gave no text."""

_WAITING_FOR = {
    FailureKind.RATE_LIMITED: "Sonoran CAD gets too many requests; trying again",
    FailureKind.CREDENTIALS: (
        "Sonoran CAD refused Callnote's access, so it waits until that is cleared up; "
        "administrators see more in /callnote-config status"
    ),
    Reason.WRONG_ADDRESS: "Sonoran CAD is not at its address; trying again",
    Reason.UNVERIFIED_CERTIFICATE: "Sonoran CAD's certificate cannot be verified; trying again",
}
"""Why a note is waiting; for all else, the CAD is not answering."""

_NOT_FOUND = re.compile(r"(CALL|SERVER)[A-Z ]* NOT FOUND[\w :]{0,40}")
_NOT_ENABLED = re.compile(r"[A-Z ]{1,40} (IS )?NOT ENABLED[A-Z ]{0,40}")
_PLAN_REQUIRED = re.compile(r"VERSION [A-Z ]{1,20} REQUIRED")
"""Texts of the CAD that count only as the whole reply, in upper case."""

BUTTONS = {
    "cancel": "Cancel",
    "retry": "Try again",
    "check": "Check again",
    "resend": "Send again",
    "add": "Add anyway",
}
"""The labels of the buttons below a note, by their actions."""


def _access_refused(failure: Failure) -> str:
    """Return why a new note is not accepted while the CAD refuses the credentials."""
    said = _said(failure, True)[:_REFUSAL_LIMIT]
    return (
        f"Not added: Sonoran CAD refuses Callnote's access ({said}). "
        f"{_credentials_task(failure)} Callnote asks again in {duration(failure.retry_in or 0.0)}; "
        "notes that wait are sent then."
    )


ADDED_AGAIN = "Adding it again."  # what the question about a repeated note is replaced by

TEXTS: Catalogue = {
    NoteProblem.NO_CALL_NUMBER: (
        "A call number is a whole number such as 123 or #123, from 1 up; you typed “{typed}”."
    ),
    NoteProblem.CALL_NUMBER_AFTER_DASH: (
        "Use the number after the dash: a call number is a whole number such as 123; you typed "
        "“{typed}”."
    ),
    NoteProblem.BLANK_NOTE: "The note is empty: type what should be added to the call.",
    NoteProblem.LONG_NOTE: (
        "The note has {length:,} characters and may have {limit:,}: shorten it, or send it in "
        "parts."
    ),
    NoteProblem.STORAGE_DOWN: (
        "Not added: Callnote's database is not answering, so nothing was sent. Try again in a "
        "moment."
    ),
    NoteProblem.STORAGE_FULL: "Not added: Callnote's database is full. Tell the bot's host.",
    NoteProblem.ACCESS_REFUSED: _access_refused,
    NoteProblem.TOO_MANY_WAITING: (
        "Not added: {limit:,} notes are already waiting for Sonoran CAD. Try again in a few "
        "minutes."
    ),
    NoteProblem.SHARE_USED: (
        "Not added: as many notes of yours, or of this server, wait for Sonoran CAD as may, so "
        "that there is room for others'. Try again in a few minutes."
    ),
    NoteProblem.TOO_BUSY: ("Not added: too many notes came at the same moment. Send it again."),
    NoteProblem.NOTE_GONE: (
        "Callnote no longer has this note. Look at the call; send it again if needed."
    ),
    NoteProblem.NOTE_MOVED_ON: "This note has changed: its message shows the latest.",
    NoteProblem.NOTE_TOO_OLD: (
        "This note failed more than a day ago. Send it again if you still need it."
    ),
    NoteProblem.NOT_YOUR_NOTE: "Only the note's author or an administrator can do this.",
    NoteProblem.PRESS_NOT_CONFIRMED: (
        "Callnote's database did not confirm this. Watch the note's message, and press again if "
        "it stays as it is."
    ),
    NoteProblem.HISTORY_UNREADABLE: (
        "The history can't be shown now: Callnote's database does not answer. Try again in a "
        "moment."
    ),
}


def content_of(
    record: NoteRecord,
    problem: Failure | None = None,
    *,
    facts: CallFacts = NO_FACTS,
    with_text: bool = True,
) -> str | None:
    """Return a note's message, at most 2,000 characters, or None; `problem` stops all notes now.

    `facts` are told below the CAD's own words. Without the text it has none of the note's words,
    nor the CAD's, which may quote them.
    """
    call = f"call #{record.note.call_id}"
    match record.state:
        case NoteState.QUEUED:
            why = escape_markdown(_why_queued(record.failure, problem))
            return _with_note(record, f"⏳ Queued for {call}: {why}.", with_text)
        case NoteState.CHECKING:
            return _with_note(record, f"⏳ Checking {call}: do not send again.", with_text)
        case NoteState.ADDED if not with_text:
            return f"Added to {call}; {NOT_SHOWN}"
        case NoteState.ADDED:
            small = named_below(facts.call)
            room = CONTENT_LIMIT - utf16_units(small)
            return escape_markdown(record.answer or f"NOTE added to {call}", limit=room) + small
        case NoteState.REFUSED:
            advice = advice_about_call(record, facts) or _advice(record.failure)
            return _failure(record, _NOT_ADDED, advice, with_text)
        case NoteState.FAILED:
            advice = _advice_given_up(record.failure) + (", or copy it." if with_text else ".")
            return _failure(record, _NOT_ADDED, advice, with_text)
        case NoteState.UNCONFIRMED:
            advice = _advice_in_doubt(record.failure)
            return _failure(record, _NOT_CONFIRMED, advice, with_text)
        case NoteState.CANCELLED if record.unconfirmed_sends:
            doubt = f"Cancelled, but it may have been added to {call} already: look at the call."
            return _with_note(record, doubt, with_text)
        case NoteState.CANCELLED:
            return _with_note(record, f"Cancelled: nothing was added to {call}.", with_text)
    return None


def text_to_attach(record: NoteRecord, facts: CallFacts = NO_FACTS) -> str | None:
    """Return a note's text if its message, with `facts`, does not show it whole, else None.

    Only for a note that was not added, whose member may still need it.
    """
    if record.state not in (NoteState.REFUSED, NoteState.FAILED, NoteState.UNCONFIRMED):
        return None
    return text_unless_shown(content_of(record, facts=facts) or "", record.note.text)


def text_unless_shown(content: str, text: str) -> str | None:
    """Return a note's text unless `content` ends with it, whole and without line breaks."""
    return (
        None if "\n" not in text and content.endswith(escape_markdown(text, limit=10_000)) else text
    )


def expired(record: NoteRecord, *, with_text: bool = True) -> str:
    """Return what is shown for a note that was never sent and now is too late."""
    return _with_note(
        record,
        f"{_NOT_ADDED} call #{record.note.call_id}: Callnote was offline too long.\n"
        "Nothing was sent: send it again if you still need it.",
        with_text,
    )


def repeated(record: NoteRecord, seconds: float) -> str:
    """Return the private question about a note that its member has just sent already."""
    return (
        f"You sent the same note to call #{record.note.call_id} {duration(seconds)} ago, so this "
        "one was not added. Look at the first message."
    )


def duration(seconds: float) -> str:
    """Return a delay in words, rounded up to whole seconds or, from 2 minutes on, to minutes."""
    if seconds > _DAY_SECONDS:
        return "more than a day"
    whole = max(1, math.ceil(seconds))
    if whole >= 120:
        return f"{math.ceil(whole / 60)} minutes"
    return f"{whole} second{'s' if whole > 1 else ''}"


def _why_queued(failure: Failure | None, problem: Failure | None) -> str:
    """Return why a note is waiting: its own last attempt, or else what stops all notes."""
    match failure:
        case Failure(kind=FailureKind.OUTCOME_UNKNOWN, reason=Reason.STOPPED):
            return "Callnote was restarted and the note is not there; sending it again"
        case Failure(kind=FailureKind.OUTCOME_UNKNOWN):
            return "Sonoran CAD failed and does not have it; sending it again"
        case Failure(kind=FailureKind.REFUSED):
            return "Sonoran CAD does not have it; sending it again"
    why = failure or problem
    if problem is not None and problem.kind is FailureKind.CREDENTIALS:
        why = problem
    if why is None:
        return "waiting for its turn"
    return _WAITING_FOR.get(why.key, "Sonoran CAD is not answering; trying again")


def _failure(record: NoteRecord, state: str, advice: str, with_text: bool) -> str:
    said = _said(record.failure, with_text)[:_SAID_LIMIT]
    head = escape_markdown(f"{state} call #{record.note.call_id}: {said}", limit=_HEAD_LIMIT)
    return _with_note(record, f"{head}\n{advice}", with_text)


def _with_note(record: NoteRecord, lines: str, with_text: bool) -> str:
    if not with_text:
        return f"{lines}\n{NOT_SHOWN}"
    room = CONTENT_LIMIT - utf16_units(lines) - 1
    return f"{lines}\n" + escape_markdown(f"Your note: {record.note.text}", limit=room)


def _said(failure: Failure | None, with_text: bool) -> str:
    """Return the CAD's own text, or what happened if it gave none."""
    if failure is None:
        return "its turn did not come in time"
    if failure.text and not with_text:
        return f"status {failure.status}" if failure.status else "Sonoran CAD said why"
    return failure.text or _SAID[failure.key].format(status=failure.status or 0)


def _advice(failure: Failure | None) -> str:
    """Return what to do about a note that was certainly not added."""
    if failure is None or not failure.refused:
        return _SHOW_ADMINISTRATOR
    if failure.kind is FailureKind.CREDENTIALS:
        return escape_markdown(_credentials_task(failure))
    if _whole(failure) == "INVALID REQUEST TYPE":
        return "Ask the bot's host to check SONORAN\\_API\\_URL and SONORAN\\_API\\_VERSION."
    if failure.status == 404 or _NOT_FOUND.fullmatch(_whole(failure)):
        return (
            "Check the call number. If it is right, ask an administrator to check "
            "/callnote-config server."
        )
    if failure.status == 400:
        return "Check the call number and the note, then try again."
    return _SHOW_ADMINISTRATOR


def _advice_in_doubt(failure: Failure | None) -> str:
    """Return what to do about a note that may have been added, without inviting another send."""
    if failure is None or not failure.refused:
        return (
            "It may be in the CAD already: look at the call. Missing? Press Send again. Not sure? "
            "Press Check again."
        )
    task = ""
    if failure.kind is FailureKind.CREDENTIALS:
        task = f"{escape_markdown(_credentials_task(failure))} "
    return f"{task}An earlier attempt may have been added: look at the call, or press Check again."


def _advice_given_up(failure: Failure | None) -> str:
    """Return what to do about a note that was tried for long enough, without its last words."""
    if failure is None or failure.kind is not FailureKind.CREDENTIALS:
        return _STOPPED_TRYING
    task = (
        "Other requests are taken, so " + _SHOW_ADMINISTRATOR[0].lower() + _SHOW_ADMINISTRATOR[1:]
    )
    if failure.retry_in:  # which was confirmed
        task = escape_markdown(_credentials_task(failure))
    return f"{task} Then press Try again within a day"


def _whole(failure: Failure) -> str:
    """Return the CAD's whole text for comparing; a part of it may be quoted from the note."""
    return failure.text.upper().rstrip(" .!")


def _credentials_task(failure: Failure) -> str:
    """Return as plain text who has to look after what."""
    said = _whole(failure)
    if said == "INVALID COMMUNITY ID":
        return "Tell the bot's host that SONORAN_COMMUNITY_ID is wrong."
    if _NOT_ENABLED.fullmatch(said):
        return "Ask a Sonoran CAD administrator to enable the community's API."
    if failure.status == 402 or _PLAN_REQUIRED.fullmatch(said):
        return "Ask a Sonoran CAD administrator to check the community's plan."
    if failure.status == 403:
        return "Ask a Sonoran CAD administrator whether the API key and plan allow notes."
    return "Tell the bot's host that SONORAN_API_KEY is wrong."
