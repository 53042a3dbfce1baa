"""Which of the waiting notes is next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from bot.outbox.models import NoteRecord

_REMEMBERED = 2000  # guilds and members whose last turn is kept


class FairScheduler:
    """Chooses whose note is next: guilds take turns, within a guild its members do.

    A member who sends a hundred notes delays anyone else's next one by one note at most.
    """

    def __init__(self) -> None:
        self._count = 0
        self._turns: OrderedDict[tuple[int, ...], int] = OrderedDict()

    def next(self, candidates: Iterable[NoteRecord]) -> NoteRecord | None:
        """Return the note whose turn it is, the oldest of its member's; None without any."""
        return min(
            candidates,
            key=lambda record: (
                self._turns.get((record.guild_id,), 0),
                self._turns.get((record.guild_id, record.member_id), 0),
                record.position,
            ),
            default=None,
        )

    def record_turn(self, record: NoteRecord) -> None:
        """Put a note's guild and member behind all others."""
        self._count += 1
        for key in ((record.guild_id,), (record.guild_id, record.member_id)):
            self._turns[key] = self._count
            self._turns.move_to_end(key)
        while len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)
