"""The pages of `/callnote-config history`, whose buttons go on working after a restart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

import discord

from bot.app.client import CallnoteBot
from bot.interactions import audit_log
from bot.interactions.component_callback import run_component_callback
from bot.interactions.responses import respond
from bot.notes.history import HistoryPlace, page_of


async def show_page(
    interaction: discord.Interaction[CallnoteBot], guild: discord.Guild, place: HistoryPlace
) -> None:
    """Answer with a page and the buttons that lead on from there.

    Raises `HistoryUnreadableError` when the database does not answer.
    """
    outbox = interaction.client.outbox
    page = await page_of(outbox.store, guild.id, place, kept=outbox.keeps_history)
    at = page.place
    # A view anew each time, of such buttons alone: discord.py 2.7 otherwise forgets the class.
    view = discord.ui.View(timeout=None)
    if at.page > 0:
        view.add_item(PageButton("Newer", replace(at, page=at.page - 1)))
    if page.older:
        view.add_item(PageButton("Older", replace(at, page=at.page + 1)))
    await respond(interaction, page.content, view=view if view.children else None)
    audit_log.outcome(interaction, f"history shown, page {at.page + 1}")


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=re.compile(
        r"callnote-config:history:(?P<anchor>\d{1,19}):(?P<page>\d{1,3})"
        r":(?P<call>\d{1,16}):(?P<member>\d{1,19})",
        re.ASCII,
    ),
):
    """Leads to the page at `place`, which stands in the button's custom id."""

    def __init__(self, label: str, place: HistoryPlace) -> None:
        self.place = place
        super().__init__(
            discord.ui.Button(
                label=label,
                custom_id=(
                    f"callnote-config:history:{place.anchor}:{place.page}"
                    f":{place.call_id or 0}:{place.member_id or 0}"
                ),
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        _item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Return the button that was pressed."""
        anchor, page, call, member = map(int, match.groups())
        return cls("Page", HistoryPlace(anchor, page, call or None, member or None))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in place of the one that is shown."""
        await run_component_callback(
            interaction, lambda guild: show_page(interaction, guild, self.place)
        )
