"""Which calls members and channels used last, so that these are offered first."""

from __future__ import annotations

from collections import OrderedDict

from bot.outbox import NoteRecord

MOST_CALLS = 5
"""Calls that are remembered for one member or channel."""

MOST_USERS = 10_000
"""Members and channels that are remembered; the one that used a call longest ago goes first."""


class RecentCalls:
    """The calls to which notes were sent last, by the ids of guild and member or channel.

    Kept in memory alone: it only decides which calls are offered first.
    """

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[int, int], list[tuple[int, int]]] = OrderedDict()

    def used(self, record: NoteRecord, *, before: bool = False) -> None:
        """Remember to which call a note was sent, `before` all that is remembered."""
        call = (record.note.server_id, record.note.call_id)
        for user_id in (record.member_id, record.channel_id):
            key = (record.guild_id, user_id)
            known = self._used.get(key, [])
            if before:
                known = known if call in known else [*known, call]
            else:
                known = [call, *[each for each in known if each != call]]
            self._used[key] = known[:MOST_CALLS]
            self._used.move_to_end(key, last=not before)
        while len(self._used) > MOST_USERS:
            self._used.popitem(last=False)

    def of(self, guild_id: int, *, member_id: int, channel_id: int, server_id: int) -> list[int]:
        """Return ids of calls on a CAD server: the member's last ones, then the channel's."""
        used = [
            call_id
            for user_id in (member_id, channel_id)
            for on_server, call_id in self._used.get((guild_id, user_id), ())
            if on_server == server_id
        ]
        return list(dict.fromkeys(used))
