"""Keeps the calls' cards in channels up to date, also after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import discord

from bot.calls import card_message
from bot.calls.card_buttons import kept_buttons
from bot.calls.card_editor import CardEditor
from bot.calls.card_store import CardStore, KeptCard
from bot.calls.card_texts import Ending
from bot.calls.followed_card import FollowedCard, live_content
from bot.calls.live_calls import LiveCalls
from bot.calls.problems import CardProblem
from bot.interactions.discord_answers import RouteDelays
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.outbox import OutboxWorker, WaitingNotes
from bot.settings.cache import SettingsCache
from bot.sonoran import DispatchCall
from bot.storage import StorageError
from bot.timing import Timing, end_tasks, loop_time, set_within

_log = logging.getLogger(__name__)


class KeptCards:
    """All cards in channels of this process; `run` must be running.

    `waiting_notes` says whether a guild is connected to a community, as for its notes, and
    `per_guild` is how many cards a guild may have.
    """

    def __init__(
        self,
        outbox: OutboxWorker,
        store: CardStore,
        live: LiveCalls,
        settings: SettingsCache,
        waiting_notes: Callable[[int, str], WaitingNotes],
        *,
        delays: RouteDelays,
        per_guild: int,
        timing: Timing,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._live = live
        self._settings = settings
        self._waiting_notes = waiting_notes
        self._per_guild = per_guild
        self._timing = timing
        self._cards: dict[int, FollowedCard] = {}
        self._include_own = True
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._editor = CardEditor(
            outbox, store, live, self._connected, self._forget, delays=delays, timing=timing
        )
        live.listen(self._listed)

    def calls_in(self, channel_id: int) -> list[int]:
        """Return the ids of the calls that have a card in a channel."""
        return [
            card.row.call_id for card in self._cards.values() if card.row.channel_id == channel_id
        ]

    def connect(self, client: discord.Client | None) -> None:
        """Show everything through this client from now on; None while there is none."""
        self._editor.client = client
        self._news.set()

    async def keep(
        self,
        client: discord.Client,
        community: str,
        call: DispatchCall,
        *,
        guild_id: int,
        channel_id: int,
        nonce: str,
    ) -> str:
        """Post the card of a community's call, keep it up to date, and return its address.

        Refuses as `card_message.post`, and with CARD_NOT_STORED after trying to delete the card.
        """
        content, fingerprint = live_content(call)
        view = kept_buttons(community, call.server_id, call.call_id)
        message = await card_message.post(
            client, guild_id, channel_id, content, view, nonce, self._timing
        )
        row = KeptCard(
            message.id, guild_id, channel_id, community, call.server_id, call.call_id, fingerprint
        )
        try:
            await self._outbox.registered()
            over = await self._store.add(row, self._per_guild)
        except StorageError as error:
            _log.warning("guild=%d card not stored: %s", guild_id, error)
            self._include_own = True  # it may be stored all the same
            self._news.set()
            with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
                await message.delete()
            raise Refusal(CardProblem.CARD_NOT_STORED) from None
        row = replace(row, kept_at=time.time())
        kept = self._cards[row.message_id] = FollowedCard(row, call, edited_at=loop_time())
        self._editor.start(kept)  # a newer list may be known by now
        for each in over:
            card = self._cards.setdefault(each.message_id, FollowedCard(each))
            ending = Ending.REPLACED if row.replaces(each) else Ending.TOO_MANY
            self._editor.end(card, ending)
        self._news.set()
        return message.jump_url

    async def refresh(self, message_id: int) -> bool:
        """Read a card's call again if that is allowed now; returns False if there is no such card.

        A card that another process keeps is left to that.
        """
        card = self._cards.get(message_id)
        if card is None:
            with contextlib.suppress(StorageError):
                known, _ = await self._store.owner_of(message_id)
                return known
            return True
        await self._live.get(*card.row.list_key, wait=self._timing.await_calls)
        self._editor.start(card)
        return True

    def allowed(self, guild_id: int) -> bool:
        """Whether a guild's administrators let cards be kept; refuses as `SettingsCache.of`."""
        return self._settings.of(guild_id).call_cards

    async def run(self, opened: asyncio.Event) -> None:
        """Keep the cards up to date once the database is `opened`, until cancelled or finished."""
        await opened.wait()
        running = self._running = asyncio.create_task(self._run())
        try:
            await asyncio.wait({running})
        finally:
            await self.finish()

    async def finish(self) -> None:
        """Stop; the next process goes on."""
        running, self._running = self._running, None
        tasks = (running, *(card.task for card in self._cards.values()))
        await end_tasks(task for task in tasks if task is not None)

    async def _run(self) -> None:
        await self._outbox.registered()
        alone, claim_at = self._outbox.alone, 0.0
        while True:
            try:
                if self._include_own or (not alone and loop_time() >= claim_at):
                    claim_at = loop_time() + self._timing.claim_cards
                    await self._claim()
                await self._look()
            except Exception:  # a card in a channel must not end the bot
                _log.exception("looking at the cards in channels failed unexpectedly")
            pause = None if alone and not self._include_own else self._timing.claim_cards
            await set_within(self._news, self._timing.look_at_cards if self._cards else pause)
            self._news.clear()

    async def _claim(self) -> None:
        try:
            rows = await self._store.claim(include_own=self._include_own)
        except StorageError as error:
            self._include_own = True  # some may be claimed all the same
            _log.warning("cards in channels cannot be taken over: %s", error)
            return
        self._include_own = False
        for row in rows:
            self._cards.setdefault(row.message_id, FollowedCard(row))
        self._let_go()

    def _let_go(self) -> None:
        """End the cards that are too many, as the host may allow fewer than before."""
        counts: Counter[int] = Counter()
        for card in sorted(self._cards.values(), key=lambda card: card.row.kept_at, reverse=True):
            if card.ending is None:
                counts[card.row.guild_id] += 1
                if counts[card.row.guild_id] > self._per_guild:
                    self._editor.end(card, Ending.TOO_MANY)

    async def _look(self) -> None:
        """Have the lists read that cards need, and show the cards that are due."""
        if self._editor.client is None or not self._settings.known:
            return
        needed = set[tuple[str, int]]()
        for card in list(self._cards.values()):
            if card.ending is None and (ending := self._ending_of(card)) is not None:
                self._editor.end(card, ending)
            if card.again_at is not None:
                if loop_time() < card.again_at:
                    continue
                card.again_at = None
                self._editor.start(card)
            if card.ending is None:
                if card.stale != (self._editor.stale_since(card) is not None):
                    self._editor.start(card)
                if self._connected(card.row):
                    needed.add(card.row.list_key)
        for key in needed:
            await self._live.get(*key)

    def _connected(self, row: KeptCard) -> bool:
        return self._waiting_notes(row.guild_id, row.community) is WaitingNotes.SEND

    def _ending_of(self, card: FollowedCard) -> Ending | None:
        """Return why a card is to be ended, apart from what becomes of its call."""
        guild_id = card.row.guild_id
        if not self.allowed(guild_id):
            return Ending.OFF
        if self._waiting_notes(guild_id, card.row.community) is WaitingNotes.WITHDRAW:
            return Ending.DISCONNECTED
        return Ending.TOO_OLD if card.too_old else None

    def _listed(self, community: str, server_id: int) -> None:
        for card in list(self._cards.values()):
            if card.row.list_key == (community, server_id):
                self._editor.start(card)

    def _forget(self, message_id: int) -> None:
        self._cards.pop(message_id, None)
