"""The pages of `/callnote-config history`, whose buttons keep working after a restart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import discord

from bot.interactions import audit_log
from bot.interactions.components import DynamicItem, dynamic_item, stopped
from bot.interactions.handler import InteractionHandler
from bot.notes.entry_texts import NEWER, OLDER
from bot.notes.history import HistoryPlace, page_of
from bot.outbox import NoteHistory
from bot.storage.tables import LARGEST_ID

# The anchor, the page, and the ids of the call and the member, 0 for all.
_CUSTOM_ID = re.compile(
    r"callnote-config:history:(\d{1,19}):(\d{1,3}):(\d{1,16}):(\d{1,19})", re.ASCII
)


async def show_page(
    handler: InteractionHandler,
    history: NoteHistory,
    interaction: discord.Interaction[Any],
    guild: discord.Guild,
    place: HistoryPlace,
) -> None:
    """Answer with a page and its buttons; refuses like `page_of`."""
    page = await page_of(history, guild.id, place)
    at = page.place
    view = discord.ui.View(timeout=None)
    if at.page > 0:
        view.add_item(_button(NEWER, replace(at, page=at.page - 1)))
    if page.older:
        view.add_item(_button(OLDER, replace(at, page=at.page + 1)))
    stopped(view)
    buttons = view if view.children else None
    await page.show(lambda content: handler.show_if_taken(interaction, content, view=buttons))
    audit_log.outcome(interaction, f"history shown, page {at.page + 1}")


def _button(label: str, place: HistoryPlace) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(
        label=label,
        custom_id=(
            f"callnote-config:history:{place.anchor}:{place.page}"
            f":{place.call_id or 0}:{place.member_id or 0}"
        ),
    )


def page_button(handler: InteractionHandler, history: NoteHistory) -> type[DynamicItem]:
    """Return the dynamic item that handles all these buttons, however old their message is."""

    async def press(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        anchor, page, call, member = (min(int(each), LARGEST_ID) for each in match.groups())
        place = HistoryPlace(anchor, page, call or None, member or None)

        async def show(guild: discord.Guild) -> None:
            await show_page(handler, history, interaction, guild, place)

        await handler.run_component_callback(interaction, show)

    return dynamic_item(_CUSTOM_ID, press)
