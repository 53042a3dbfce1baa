"""The texts about a note: its message, its buttons, and why something was refused.

Text from outside is escaped and shown on one line.
"""

from __future__ import annotations

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.interactions.texts import Catalogue
from bot.notes.call_texts import NO_FACTS, CallFacts, advice_about_call, named_below
from bot.notes.failure_texts import (
    advice_given_up,
    advice_in_doubt,
    advice_refused,
    credentials_task,
    duration,
    said_of,
    why_queued,
)
from bot.notes.problems import NoteProblem
from bot.outbox import HOST, Failure, NoteRecord, NoteState

_HEAD_LIMIT = 900  # UTF-16 units; leaves room for a failed note's text, to be copied
_LEAST_ROOM = 200  # UTF-16 units; with less a text is attached alone
_REFUSAL_LIMIT = 200  # characters of the CAD's reply where a note is not accepted
_SAID_LIMIT = 4000  # characters of the CAD's reply, which may have 64 KiB

YOUR_NOTE = "Your note: "
_NOT_ADDED = "❌ Not added to"
_NOT_CONFIRMED = "❓ Not confirmed for"
NOT_SHOWN = "Discord does not show this note's text."

BUTTONS = {
    "cancel": "Cancel",
    "retry": "Try again",
    "check": "Check again",
    "resend": "Send again",
    "add": "Add anyway",
}
"""The labels of the buttons below a note, by their actions."""


def _access_refused(failure: Failure, own: bool) -> str:
    """Return why a new note is not accepted while the CAD refuses the credentials."""
    said = said_of(failure, True)[:_REFUSAL_LIMIT]
    task = credentials_task(failure, own=own)
    return (
        f"Not added: Sonoran CAD refuses Callnote's access ({said}). {task} Callnote asks again in "
        f"{duration(failure.retry_in or 0.0)}; notes that still wait are sent once it has access."
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
    NoteProblem.NO_CALL_CHOSEN: (
        "Not added: no call was chosen. Choose one in the list, or type its number."
    ),
    NoteProblem.TEXT_UNREADABLE: (
        "Callnote can't get your text back from Discord: copy it from above into /callnote-form."
    ),
    NoteProblem.UNKNOWN_SERVER: (
        "Callnote can't find a CAD server “{typed}” now: choose one from the list, or type its "
        "number."
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
        "Not added: you, or this server, have as many notes waiting for Sonoran CAD as are "
        "allowed, so that others have room. Try again in a few minutes."
    ),
    NoteProblem.TOO_BUSY: "Not added: too many notes came at the same moment. Send it again.",
    NoteProblem.NO_ROOM: (
        "Nothing changed: too many notes are already waiting for Sonoran CAD. Press again in a few "
        "minutes."
    ),
    NoteProblem.NOTE_UNREADABLE: (
        "Nothing changed: Callnote's database is not answering. Press again in a moment."
    ),
    NoteProblem.NOTE_GONE: (
        "Callnote no longer has this note. Look at the call; send it again if needed."
    ),
    NoteProblem.NOTE_MOVED_ON: "This note has changed: its message shows the latest.",
    NoteProblem.NOTE_TOO_OLD: (
        "This button works for a day only: look at the call, and send the note again if it is "
        "missing."
    ),
    NoteProblem.OTHER_CAD: (
        "This note is for the CAD that this server was connected to before. Send it again if it "
        "belongs in the one that it is connected to now."
    ),
    NoteProblem.NOT_YOUR_NOTE: "Only the note's author or an administrator can do this.",
    NoteProblem.ACTION_NOT_CONFIRMED: (
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
    call, own = f"call #{record.note.call_id}", record.community != HOST
    match record.state:
        case NoteState.QUEUED:
            why = escape_markdown(why_queued(record.failure, problem))
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
            advice = advice_about_call(record, facts) or advice_refused(record.failure, own=own)
            return _failure(record, _NOT_ADDED, advice, with_text)
        case NoteState.FAILED:
            advice = advice_given_up(record.failure, own=own)
            advice += ", or copy it." if with_text else "."
            return _failure(record, _NOT_ADDED, advice, with_text)
        case NoteState.UNCONFIRMED:
            advice = advice_in_doubt(record.failure, own=own)
            return _failure(record, _NOT_CONFIRMED, advice, with_text)
        case NoteState.CANCELLED if record.unconfirmed_sends:
            doubt = f"Cancelled, but it may have been added to {call} already: look at the call."
            return _with_note(record, doubt, with_text)
        case NoteState.CANCELLED:
            return _with_note(record, f"Cancelled: nothing was added to {call}.", with_text)
    return None


def text_to_attach(record: NoteRecord, facts: CallFacts) -> str | None:
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


def given_back(words: str, text: str) -> tuple[str, str | None]:
    """Return the words for a failure with the text that was typed, and the text to attach.

    It is attached unless it stands in the message as it is.
    """
    text = text.strip()
    room = CONTENT_LIMIT - utf16_units(words) - 1
    if not text or room < _LEAST_ROOM:
        return words, text or None
    content = f"{words}\n" + escape_markdown(f"{YOUR_NOTE}{text}", limit=room)
    return content, text_unless_shown(content, text)


def repeated(record: NoteRecord, seconds: float) -> str:
    """Return the private question about a note that came already, or one of the same message."""
    if record.source_id is not None:
        return (
            f"This message was sent to call #{record.note.call_id} already, {duration(seconds)} "
            "ago, so it was not added again."
        )
    return (
        f"You sent the same note to call #{record.note.call_id} {duration(seconds)} ago, so this "
        "one was not added. Look at the first message."
    )


def _failure(record: NoteRecord, state: str, advice: str, with_text: bool) -> str:
    said = said_of(record.failure, with_text)[:_SAID_LIMIT]
    head = escape_markdown(f"{state} call #{record.note.call_id}: {said}", limit=_HEAD_LIMIT)
    return _with_note(record, f"{head}\n{advice}", with_text)


def _with_note(record: NoteRecord, lines: str, with_text: bool) -> str:
    if not with_text:
        return f"{lines}\n{NOT_SHOWN}"
    room = CONTENT_LIMIT - utf16_units(lines) - 1
    return f"{lines}\n" + escape_markdown(f"{YOUR_NOTE}{record.note.text}", limit=room)
