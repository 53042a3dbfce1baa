"""Shows calls' cards to dispatchers, and carries out what is below them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.calls.card_buttons import MOST_OPTIONS, call_select, private_buttons
from bot.calls.card_texts import (
    MOST_PAGES,
    TEXTS,
    card_content,
    list_content,
    not_listed,
    private_foot,
)
from bot.calls.guild_calls import GuildCalls
from bot.calls.kept_cards import KeptCards
from bot.calls.live_calls import LiveList
from bot.calls.problems import CardProblem
from bot.interactions import audit_log
from bot.interactions.components import mark_of
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.interactions.handler import InteractionHandler
from bot.interactions.texts import worded
from bot.settings.cache import SettingsCache
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import LARGEST_CALL

_Interaction = discord.Interaction[Any]


class OpenForm(Protocol):
    """Shows the form for a note to a call as the first response; may raise a `Refusal`."""

    def __call__(
        self, interaction: _Interaction, /, *, call_id: int, server_id: int
    ) -> Awaitable[None]:
        """Show the form."""


@dataclass(eq=False, repr=False, slots=True)
class CallCards:
    """The cards of one Discord client's calls, for dispatchers of connected guilds alone.

    `open_form` opens the form for a note.
    """

    handler: InteractionHandler
    dispatchers: Dispatchers
    settings: SettingsCache
    calls: GuildCalls
    kept: KeptCards
    open_form: OpenForm

    async def show(self, interaction: _Interaction, call_id: int) -> None:
        """Answer a command privately with a call's card; refuses like `Dispatchers.admit`."""
        member = self.dispatchers.admit(interaction)
        server_id = self.settings.server_id(member.guild.id)
        audit_log.about_call(interaction, call_id)
        await self.handler.acknowledge(interaction, private=True)
        await self._show(interaction, member.guild, server_id, call_id)

    async def show_list(self, interaction: _Interaction) -> None:
        """Answer a command privately with the live calls; refuses like `Dispatchers.admit`."""
        member = self.dispatchers.admit(interaction)
        server_id = self.settings.server_id(member.guild.id)
        await self.handler.acknowledge(interaction, private=True)
        calls, found = await self.calls.find(
            member, interaction.channel_id or 0, server_id=server_id, limit=MOST_OPTIONS
        )
        if calls is None:
            raise Refusal(CardProblem.CALLS_UNKNOWN)
        total = len(calls.index.live)
        content = list_content(found, total, age=calls.told_age)
        view = call_select(calls.community, server_id, found)
        await self.handler.respond(interaction, content, view=view)
        audit_log.outcome(interaction, f"{total} live calls shown")

    async def on_choice(
        self, interaction: _Interaction, mark: str, server_id: int, value: str
    ) -> None:
        """Show the card of the call that was chosen in a list."""

        async def show() -> None:
            member = self._admit(interaction, mark)
            # A forged choice may be anything.
            call_id = int(value) if value.isascii() and value.isdigit() else 0
            if not _private(interaction) or not 1 <= call_id <= LARGEST_CALL:
                raise Refusal(CardProblem.OUTDATED_CARD)
            audit_log.about_call(interaction, call_id)
            await self.handler.acknowledge(interaction)
            await self._show(interaction, member.guild, server_id, call_id, mark=mark)

        await self.handler.run_connected(interaction, show)

    async def on_button(
        self,
        interaction: _Interaction,
        action: str,
        mark: str,
        server_id: int,
        call_id: int,
        page: int,
    ) -> None:
        """Carry out a button below a card; failures are shown to the member alone."""

        async def carry_out() -> None:
            member = self._admit(interaction, mark)
            audit_log.about_call(interaction, call_id)
            if action != "add" and _private(interaction) is (action == "refresh"):
                raise Refusal(CardProblem.OUTDATED_CARD)  # a forged button
            if action == "add":
                await self.open_form(interaction, call_id=call_id, server_id=server_id)
                return
            if action == "keep":
                self._check_allowed(member.guild)
            await self.handler.acknowledge(interaction)
            if action == "refresh":
                await self._refresh(interaction)
            elif action == "keep":
                await self._keep(interaction, member.guild, server_id, call_id, mark)
            else:
                await self._show(interaction, member.guild, server_id, call_id, page, mark=mark)

        await self.handler.run_connected(interaction, carry_out)

    def _admit(self, interaction: _Interaction, mark: str) -> discord.Member:
        """Return the dispatcher who uses what was shown of the community with this mark."""
        member = self.dispatchers.admit(interaction)
        if mark != mark_of(self.calls.community_of(member.guild.id)):
            raise Refusal(CardProblem.OUTDATED_CARD)
        return member

    async def _show(
        self,
        interaction: _Interaction,
        guild: discord.Guild,
        server_id: int,
        call_id: int,
        page: int = 0,
        *,
        mark: str | None = None,
        kept_at: str | None = None,
    ) -> None:
        """Show a card in the interaction's private answer, or what there is instead."""
        calls = await self._list(guild.id, server_id, mark)
        call = calls.find(call_id)
        if call is None:
            await self._show_near(interaction, calls, server_id, call_id)
            return
        may_keep = not call.closed and kept_at is None and self.kept.allowed(guild.id)
        foot = private_foot(age=calls.told_age, may_keep=may_keep, kept_at=kept_at)
        page = min(page, MOST_PAGES - 1)
        content, older = card_content(call, page, foot=foot)
        view = private_buttons(calls.community, call, page, older=older, may_keep=may_keep)
        await self.handler.respond(interaction, content, view=view)
        audit_log.outcome(interaction, f"card shown, page {page + 1}")

    async def _show_near(
        self, interaction: _Interaction, calls: LiveList, server_id: int, call_id: int
    ) -> None:
        near = calls.index.near(call_id)
        content = not_listed(call_id, emergency=calls.is_emergency_alone(call_id), near=bool(near))
        view = call_select(calls.community, server_id, near)
        await self.handler.respond(interaction, content, view=view)
        audit_log.outcome(interaction, "call not listed")

    async def _keep(
        self,
        interaction: _Interaction,
        guild: discord.Guild,
        server_id: int,
        call_id: int,
        mark: str,
    ) -> None:
        calls = await self._list(guild.id, server_id, mark)
        call = calls.find(call_id)
        if call is None or call.closed:
            raise Refusal(CardProblem.CALL_ENDED, call=call_id)
        self._admit(interaction, mark)  # once more, as Discord and the list were waited for
        self._check_allowed(guild)
        address = await self.kept.keep(
            interaction.client,
            calls.community,
            call,
            guild_id=guild.id,
            channel_id=interaction.channel_id or 0,
            nonce=f"card-{interaction.id:x}",
        )
        await self._show(interaction, guild, server_id, call_id, mark=mark, kept_at=address)

    def _check_allowed(self, guild: discord.Guild) -> None:
        if not self.kept.allowed(guild.id):
            raise Refusal(CardProblem.CARDS_OFF)

    async def _list(self, guild_id: int, server_id: int, mark: str | None) -> LiveList:
        """Return the live calls, for what was shown only those of the community with its mark."""
        calls = await self.calls.get(guild_id, server_id)
        if calls is None:
            raise Refusal(CardProblem.CALLS_UNKNOWN)
        if mark not in (None, mark_of(calls.community)):
            raise Refusal(CardProblem.OUTDATED_CARD)
        return calls

    async def _refresh(self, interaction: _Interaction) -> None:
        """Refresh a card in a channel, whose message is `KeptCards`' alone to edit."""
        message = interaction.message
        if message is not None and await self.kept.refresh(message.id):
            audit_log.outcome(interaction, "card refreshed")
            return
        audit_log.outcome(interaction, "card is not kept any more")
        with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
            content = worded(TEXTS, CardProblem.CARD_LEFT)
            await interaction.followup.send(content, ephemeral=True)


def _private(interaction: _Interaction) -> bool:
    """Whether a component is below a message that only its member sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral
