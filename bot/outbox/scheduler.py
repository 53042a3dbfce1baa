"""Which of the waiting notes is next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from bot.outbox.models import NoteRecord

_Key = TypeVar("_Key")
_REMEMBERED = 1000  # guilds and members whose last turn is kept


class FairScheduler:
    """Chooses whose note is next: guilds take turns, within a guild its members do.

    A member who sends a hundred notes delays anyone else's next one by one note at most.
    """

    def __init__(self) -> None:
        self._count = 0
        self._guilds: OrderedDict[int, int] = OrderedDict()
        self._members: OrderedDict[tuple[int, int], int] = OrderedDict()

    def next(self, candidates: Iterable[NoteRecord]) -> NoteRecord | None:
        """Return the note whose turn it is, the oldest of its member's; None without any."""
        return min(
            candidates,
            key=lambda record: (
                self._guilds.get(record.guild_id, 0),
                self._members.get((record.guild_id, record.member_id), 0),
                record.position,
            ),
            default=None,
        )

    def record_turn(self, record: NoteRecord) -> None:
        """Put a note's guild and member behind all others."""
        self._count += 1
        _remember(self._guilds, record.guild_id, self._count)
        _remember(self._members, (record.guild_id, record.member_id), self._count)


def _remember(turns: OrderedDict[_Key, int], key: _Key, count: int) -> None:
    turns[key] = count
    turns.move_to_end(key)
    if len(turns) > _REMEMBERED:
        turns.popitem(last=False)
