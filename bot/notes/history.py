"""The history of a guild's notes, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from bot.interactions.errors import Refusal
from bot.notes.entry_texts import history_page
from bot.notes.problems import NoteProblem
from bot.outbox import NoteHistory, NoteRecord
from bot.storage import StorageError

PAGE_NOTES = 10  # notes on a page: as many entries as fit one message

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
    """The notes at one place; `older` says that there are more after them, `kept` as below."""

    place: HistoryPlace
    records: Sequence[NoteRecord]
    older: bool
    kept: bool

    def content(self, without_text: Collection[int] = ()) -> str:
        """Return the page as a message's content, without the texts of the notes with these ids."""
        at = self.place
        return history_page(
            self.records,
            at.page,
            call_id=at.call_id,
            member_id=at.member_id,
            kept=self.kept,
            without_text=without_text,
        )

    async def show(self, taken: Callable[[str], Awaitable[bool]]) -> None:
        """Show the page, without the texts that Discord refuses.

        `taken` shows a content, and returns False where Discord refuses it. Then first no text is
        shown, and one after the other is added, as Discord does not say which it refuses.
        """
        if await taken(self.content()):
            return
        without = {record.id for record in self.records}
        if not await taken(self.content(without)):
            return
        for record in self.records:
            if await taken(self.content(without - {record.id})):
                without.discard(record.id)


async def page_of(history: NoteHistory, guild_id: int, place: HistoryPlace) -> HistoryPage:
    """Return a page of a guild's notes, none unless the host has them kept.

    A failed note stays in the database for a day all the same, to be tried again. Refuses with
    HISTORY_UNREADABLE when the database does not answer.
    """
    page = min(place.page, MOST_PAGES - 1)
    first = page * PAGE_NOTES
    wanted = {"call_id": place.call_id, "member_id": place.member_id}
    records: Sequence[NoteRecord] = ()
    if history.kept:
        limit = first + PAGE_NOTES + 1
        before = place.anchor or None
        try:
            records = await history.latest(guild_id, **wanted, before=before, limit=limit)
        except StorageError:
            raise Refusal(NoteProblem.HISTORY_UNREADABLE) from None
    anchor = place.anchor or (records[0].position + 1 if records else 0)
    return HistoryPage(
        place=replace(place, anchor=anchor, page=page),
        records=records[first : first + PAGE_NOTES],
        older=len(records) > first + PAGE_NOTES and page + 1 < MOST_PAGES,
        kept=history.kept,
    )
