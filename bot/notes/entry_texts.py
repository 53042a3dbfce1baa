"""The texts about notes in lists: their entries in the log channel and the history.

Names and text are escaped. The member is mentioned by id, which shows their present name;
Callnote's mentions notify nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.notes.texts import NOT_SHOWN
from bot.outbox import NoteRecord, NoteState

HISTORY_LIMIT = 185
"""UTF-16 units of a history entry at most, so that ten and a heading fit one message."""

NEWER, OLDER = "Newer", "Older"

_LOOKED_AT = 4  # how many times its room of a text is looked at, as blank lines take none
_REASON_LIMIT = 200  # characters of the CAD's reason
_NAME_LIMIT = 150
_OUTCOMES = {
    NoteState.ADDED: "added",
    NoteState.REFUSED: "refused",
    NoteState.FAILED: "failed",
    NoteState.UNCONFIRMED: "not confirmed",
    NoteState.CANCELLED: "cancelled",
}


def log_entry(record: NoteRecord, *, with_text: bool = True) -> str:
    """Return the entry for the log channel: who, which call, the outcome, the link, the text.

    Without the text it has nothing that people or the CAD wrote.
    """
    name = f" ({escape_markdown(record.member_name, limit=_NAME_LIMIT)})" if with_text else ""
    failure = record.failure if with_text else None
    outcome = outcome_of(record)
    if failure and failure.refused and failure.text:
        outcome += f": {failure.text[:_REASON_LIMIT]}"
    head = f"<@{record.member_id}>{name} · {_call(record)} · {escape_markdown(outcome)}"
    if record.message_id is not None:
        head += f" · {link_to(record)}"
    if not with_text:
        return f"{head}\n{NOT_SHOWN}"
    room = CONTENT_LIMIT - utf16_units(head) - 1
    return f"{head}\n" + escape_markdown(f"'{record.note.text}'", limit=room)


def history_page(
    records: Sequence[NoteRecord],
    page: int,
    *,
    call_id: int | None,
    member_id: int | None,
    kept: bool,
    without_text: Collection[int],
) -> str:
    """Return the content that shows a page of the history, at most 2,000 characters.

    `page` counts from 0; `call_id` and `member_id` are None for all; `kept` is False when the host
    set HISTORY_DAYS to 0. The notes with the ids `without_text` are shown without their text.
    """
    wanted = f" for call #{call_id}" if call_id is not None else ""
    if member_id is not None:
        wanted += f" by <@{member_id}>"
    if not records:
        why = "" if kept else ": the bot's host set HISTORY_DAYS to 0"
        return f"No notes{wanted} are kept here{why}."
    content = f"Notes{wanted}, newest first, page {page + 1}:"
    for record in records:
        line = f"\n{history_entry(record, with_text=record.id not in without_text)}"
        if utf16_units(content) + utf16_units(line) <= CONTENT_LIMIT:
            content += line
    return content


def history_entry(record: NoteRecord, *, with_text: bool) -> str:
    """Return a note's entry in the history, at most `HISTORY_LIMIT` UTF-16 units."""
    head = f"<t:{int(record.accepted_at)}:f> <@{record.member_id}> {_call(record)} "
    if not with_text:
        return f"{head}{outcome_of(record)}: {NOT_SHOWN}"
    room = HISTORY_LIMIT - utf16_units(head)
    return head + _cut(f"{outcome_of(record)}: '{record.note.text}'", room)


def outcome_of(record: NoteRecord) -> str:
    """Return a note's state in a word or two, for lists of notes."""
    if record.state is NoteState.CANCELLED and record.unconfirmed_sends:
        return "cancelled, may have been added"
    return _OUTCOMES.get(record.state, "on its way")


def link_to(record: NoteRecord) -> str:
    """Return the address of the message that shows a note (Discord API docs, Reference)."""
    return f"https://discord.com/channels/{record.guild_id}/{record.channel_id}/{record.message_id}"


def _call(record: NoteRecord) -> str:
    server = f" on CAD server {record.note.server_id}" if record.note.server_id != 1 else ""
    return f"call #{record.note.call_id}{server}"


def _cut(text: str, room: int) -> str:
    """Return the escaped beginning of a text, in at most `room` UTF-16 units.

    Of a long one only the beginning is escaped, as ten of 4,000 characters take a while.
    """
    if len(text) > _LOOKED_AT * room:
        text = text[: _LOOKED_AT * room]
        content = escape_markdown(f"{text}…")
    else:
        content = escape_markdown(text)
    while utf16_units(content) > room:
        text = text[: max(0, min(len(text) - 1, room * len(text) // utf16_units(content)) - 1)]
        content = escape_markdown(f"{text.rstrip()}…")
    return content
