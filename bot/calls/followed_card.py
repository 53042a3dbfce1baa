"""A card in a channel with what is known of its call, and so what it is to say."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass

from bot.calls.card_store import KeptCard
from bot.calls.card_texts import Ending, card_content, gone_card, kept_foot
from bot.calls.live_calls import LiveList
from bot.sonoran import DispatchCall

CARD_SECONDS = 7 * 86_400.0
"""How long a card is kept up to date at most: a call may be left open in the CAD for ever."""

_GONE_AFTER = 2
"""Lists in a row without the call after which it is gone: the CAD may be starting just now."""


@dataclass(eq=False, repr=False, slots=True)
class FollowedCard:
    """A card that this process keeps; times are by the event loop's clock.

    `call` is what was last known of the call, None until its list was read, and `ending` why the
    card is not to be kept up to date any more.
    """

    row: KeptCard
    call: DispatchCall | None = None
    ending: Ending | None = None
    told_at: float = 0.0  # when the latest list that has its call was read; 0 for none
    stale: bool = False  # whether it says that this is long ago
    edited_at: float = 0.0
    failures: int = 0  # edits in a row that failed
    again_at: float | None = None  # when to try the next one
    news: bool = False  # whether it is to be shown again once the edit under way has ended
    task: asyncio.Task[None] | None = None
    forgotten: bool = False  # whether it is no longer this process's to edit
    _missing: int = 0  # lists in a row without the call
    _list_began: float = 0.0  # when the latest list that was looked at was read

    @property
    def too_old(self) -> bool:
        """Whether it was kept `CARD_SECONDS` ago."""
        return time.time() - self.row.kept_at > CARD_SECONDS

    def learn(self, calls: LiveList | None) -> None:
        """Take in what the newest list of its CAD server says of its call."""
        if calls is None or calls.began <= self._list_began:
            return
        self._list_began = calls.began
        if (call := calls.find(self.row.call_id)) is not None:
            self.call, self.told_at, self._missing = call, calls.began, 0
            if call.closed:
                self.ending = self.ending or Ending.CLOSED
        elif calls.with_closed and calls.calls.whole:
            self._missing += 1
            if self._missing >= _GONE_AFTER:
                self.ending = self.ending or Ending.GONE

    def due(self, stale_since: int | None) -> tuple[str | None, str] | None:
        """Return what it is to say, and a fingerprint of that; None if it says so already.

        `stale_since` is as for `kept_foot`. No content means that the buttons alone go: after a
        restart a card may have to end before anything is known of its call.
        """
        if self.ending is not None:
            return self._ended(self.ending), self.row.shown
        if self.call is None:
            return None
        content, fingerprint = live_content(self.call, stale_since)
        return None if fingerprint == self.row.shown else (content, fingerprint)

    def _ended(self, ending: Ending) -> str | None:
        if self.call is None:
            return gone_card(self.row.call_id) if ending is Ending.GONE else None
        status = "gone" if ending is Ending.GONE else None
        content, _ = card_content(self.call, foot=[ending.value], status=status)
        return content


def live_content(call: DispatchCall, stale_since: int | None = None) -> tuple[str, str]:
    """Return what the card of a live call is to say, and a fingerprint that no clock changes."""
    _, older = card_content(call)

    def content(since: int | None) -> str:
        return card_content(call, foot=kept_foot(call.call_id, older=older, stale_since=since))[0]

    same = content(None if stale_since is None else 0)
    return content(stale_since), hashlib.sha256(same.encode()).hexdigest()[:16]
