"""Whether calls' cards may be kept in a guild's channels, which an administrator chooses."""

from __future__ import annotations

from typing import Any

import discord

from bot.calls.card_texts import cards_changed, cards_setting
from bot.interactions import audit_log
from bot.interactions.handler import InteractionHandler
from bot.settings.cache import SettingsCache


class CardsSetting:
    """Shows and changes the setting."""

    def __init__(self, handler: InteractionHandler, settings: SettingsCache) -> None:
        self._handler = handler
        self._settings = settings

    async def show(self, interaction: discord.Interaction[Any], allow: bool | None) -> None:
        """Save an administrator's choice, if there is one, and answer with what holds.

        Refuses like `SettingsCache.change`.
        """
        guild = await self._handler.admit_administrator(interaction)
        if allow is None:
            allow = self._settings.of(guild.id).call_cards is not False
            audit_log.outcome(interaction, "setting of cards shown")
        else:
            what = cards_changed(allow)
            await self._settings.set(guild.id, interaction.user.id, what, call_cards=allow)
            audit_log.outcome(interaction, what)
        await self._handler.respond(interaction, cards_setting(allow))
