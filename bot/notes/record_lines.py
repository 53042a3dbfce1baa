"""A note as one entry of the log channel or the history.

Names and text are escaped. The member is mentioned by id, which shows their present name;
Callnote's mentions notify nobody.
"""

from __future__ import annotations

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.notes.texts import outcome_of
from bot.outbox import NoteRecord

HISTORY_LIMIT = 185
"""UTF-16 units of a history entry at most, so that ten and a heading fit one message."""

_SAID_LIMIT = 200  # characters of the CAD's reason
_NAME_LIMIT = 150


def log_entry(record: NoteRecord) -> str:
    """Return the entry for the log channel: who, which call, the outcome, the link, the text."""
    name = escape_markdown(record.member_name, limit=_NAME_LIMIT)
    head = f"<@{record.member_id}> ({name}) · {_call(record)} · {_outcome(record)}"
    if record.message_id is not None:
        head += f" · {link_to(record)}"
    room = CONTENT_LIMIT - utf16_units(head) - 1
    return f"{head}\n" + escape_markdown(f"'{record.note.text}'", limit=room)


def history_entry(record: NoteRecord) -> str:
    """Return the entry for `history`, at most `HISTORY_LIMIT` UTF-16 units."""
    head = f"<t:{int(record.accepted_at)}:f> <@{record.member_id}> {_call(record)} "
    room = HISTORY_LIMIT - utf16_units(head)
    return head + _cut(f"{outcome_of(record)}: '{record.note.text}'", room)


def link_to(record: NoteRecord) -> str:
    """Return the address of the message that shows a note (Discord API docs, Reference)."""
    return f"https://discord.com/channels/{record.guild_id}/{record.channel_id}/{record.message_id}"


def _call(record: NoteRecord) -> str:
    server = f" on server {record.note.server_id}" if record.note.server_id != 1 else ""
    return f"call #{record.note.call_id}{server}"


def _outcome(record: NoteRecord) -> str:
    failure = record.failure
    said = failure.text[:_SAID_LIMIT] if failure and failure.refused else ""
    return escape_markdown(f"{outcome_of(record)}: {said}" if said else outcome_of(record))


def _cut(text: str, room: int) -> str:
    """Return the escaped beginning of a text, in at most `room` UTF-16 units."""
    content = escape_markdown(text)
    while utf16_units(content) > room:
        text = text[: max(0, min(len(text) - 1, room * len(text) // utf16_units(content)) - 1)]
        content = escape_markdown(f"{text.rstrip()}…")
    return content
