"""The history of a guild's notes, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.interactions.errors import Refusal
from bot.interactions.markdown import CONTENT_LIMIT, utf16_units
from bot.notes.problems import NoteProblem
from bot.notes.record_lines import history_entry
from bot.outbox import NoteRecord, OutboxRepository
from bot.storage import StorageError

PAGE_NOTES = 10
"""Notes on a page: as many entries as fit one message."""

MOST_PAGES = 50
"""Pages that can be turned; to see older notes, narrow the history to a call or a member."""


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """A place in the history: which notes, and how far back.

    Page 0 begins before the position `anchor`, so that new notes do not shift the pages; 0 means
    from the newest note. `call_id` and `member_id` are None for all calls and members.
    """

    anchor: int = 0
    page: int = 0
    call_id: int | None = None
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The notes at one place; `older` says that there are more after them.

    `kept` is False when the host set HISTORY_DAYS to 0.
    """

    place: HistoryPlace
    records: tuple[NoteRecord, ...]
    older: bool
    kept: bool = True

    @property
    def content(self) -> str:
        """The page as a message's content, at most 2,000 characters."""
        place = self.place
        wanted = f" for call #{place.call_id}" if place.call_id is not None else ""
        if place.member_id is not None:
            wanted += f" by <@{place.member_id}>"
        if not self.records:
            why = "" if self.kept else ": the bot's host set HISTORY_DAYS to 0"
            return f"No notes{wanted} are kept here{why}."
        content = f"Notes{wanted}, newest first, page {place.page + 1}:"
        for record in self.records:
            line = f"\n{history_entry(record)}"
            if utf16_units(content) + utf16_units(line) <= CONTENT_LIMIT:
                content += line
        return content


async def page_of(
    store: OutboxRepository, guild_id: int, place: HistoryPlace, *, kept: bool
) -> HistoryPage:
    """Return a page of a guild's notes; `kept` is as in `HistoryPage`.

    Unless they are kept none is shown, although a failed note stays in the database for a day, to
    be tried again. Refuses with HISTORY_UNREADABLE when the database does not answer.
    """
    if not kept:
        return HistoryPage(place, records=(), older=False, kept=False)
    page = min(place.page, MOST_PAGES - 1)
    first = page * PAGE_NOTES
    try:
        records = await store.history(
            guild_id,
            call_id=place.call_id,
            member_id=place.member_id,
            before=place.anchor or None,
            limit=first + PAGE_NOTES + 1,
        )
    except StorageError:
        raise Refusal(NoteProblem.HISTORY_UNREADABLE) from None
    anchor = place.anchor or (records[0].position + 1 if records else 0)
    return HistoryPage(
        place=replace(place, anchor=anchor, page=page),
        records=tuple(records[first : first + PAGE_NOTES]),
        older=len(records) > first + PAGE_NOTES and page + 1 < MOST_PAGES,
        kept=kept,
    )
