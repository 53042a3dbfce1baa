"""Edits the messages of cards in channels, so that they say what is known of their calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import discord

from bot.calls import card_message
from bot.calls.card_buttons import kept_buttons
from bot.calls.card_message import EditResult
from bot.calls.card_store import CardStore, KeptCard
from bot.calls.card_texts import Ending, plain_card
from bot.calls.followed_card import FollowedCard
from bot.calls.live_calls import LiveCalls
from bot.interactions.discord_answers import RouteDelays
from bot.outbox import OutboxWorker
from bot.storage import StorageError
from bot.timing import Timing, doubled, loop_time

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class CardEditor:
    """Edits cards, each with at least `timing.edit_interval` between two edits.

    `connected` says whether a card's guild may see its community's calls now; until it may, the
    card learns nothing. `forget` is called with the message's id of a card that is not this
    process's to edit any more. `client` is the present connection to Discord and may be replaced;
    while it is None nothing is shown.
    """

    outbox: OutboxWorker
    store: CardStore
    live: LiveCalls
    connected: Callable[[KeptCard], bool]
    forget: Callable[[int], object]
    delays: RouteDelays
    timing: Timing
    client: discord.Client | None = None

    def end(self, card: FollowedCard, ending: Ending) -> None:
        """End a card, which its message then says."""
        card.ending = ending
        self.start(card)

    def start(self, card: FollowedCard) -> None:
        """Let a card say what it should now, soon after its last edit."""
        card.news = True
        if card.task is None:
            card.task = asyncio.create_task(self._keep_shown(card))

    def stale_since(self, card: FollowedCard) -> int | None:
        """Return when the card's call was last listed, in seconds since 1970, if long ago."""
        age = loop_time() - card.told_at
        if not card.told_at or age <= self.timing.stale_calls:
            return None
        return int(time.time() - age)

    async def _keep_shown(self, card: FollowedCard) -> None:
        try:
            while card.news and card.again_at is None and not card.forgotten:
                card.news = False
                await self._show(card)
        except Exception:
            _log.exception("card=%d failed unexpectedly", card.row.message_id)
        finally:
            card.task = None

    async def _show(self, card: FollowedCard) -> None:
        """Let a card say what it should, and forget it when it has ended."""
        if self.connected(card.row):
            card.learn(self.live.known(*card.row.list_key))
        client = self.client
        if client is None or not self.outbox.lease_held:
            card.again_at = loop_time() + self.timing.look_at_cards
            return
        card.stale = (since := self.stale_since(card)) is not None
        if (due := card.due(since)) is None:
            return
        content, fingerprint = due
        ending = card.ending  # it may end while the edit is under way, which does not show that
        await asyncio.sleep(card.edited_at + self.timing.edit_interval - loop_time())
        try:
            if not self.outbox.alone and not (await self.store.owner_of(card.row.message_id))[1]:
                self._drop(card)
                return
            result = await self._edit(client, card, content, ending)
            await self._after(card, result, fingerprint, ending)
        except StorageError as error:
            _log.warning("card=%d not stored: %s", card.row.message_id, error)
            card.again_at = loop_time() + self.timing.first_card_retry

    async def _edit(
        self,
        client: discord.Client,
        card: FollowedCard,
        content: str | None,
        ending: Ending | None,
    ) -> EditResult:
        for text in (content, plain_card(card.row.call_id)):
            view = None if ending else kept_buttons(*card.row.list_key, card.row.call_id)
            result = await card_message.edit(
                client, card.row, text, view, delays=self.delays, timing=self.timing
            )
            if result is not EditResult.REFUSED:
                break
        card.edited_at = loop_time()
        return result

    async def _after(
        self, card: FollowedCard, result: EditResult, fingerprint: str, ending: Ending | None
    ) -> None:
        """Store what became of an edit, or decide when to try it again."""
        message_id = card.row.message_id
        hidden = result is EditResult.HIDDEN
        over = card.ending is Ending.DISCONNECTED or card.too_old
        if result is EditResult.RETRY or (hidden and not over):
            first = self.timing.first_hidden_retry if hidden else self.timing.first_card_retry
            pause = doubled(first, card.failures, self.timing.longest_card_retry)
            card.failures += 1
            pause = self.delays.left(RouteDelays.CHANNELS) or pause
            card.again_at = loop_time() + pause
            return
        card.failures = 0
        if ending is not None or result is not EditResult.DONE:
            await self.store.remove(message_id)
            self._drop(card)
            _log.info("guild=%d card=%d ended", card.row.guild_id, message_id)
            return
        card.row = replace(card.row, shown=fingerprint)
        await self.store.set_shown(message_id, fingerprint)

    def _drop(self, card: FollowedCard) -> None:
        card.forgotten = True
        self.forget(card.row.message_id)
