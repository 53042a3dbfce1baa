"""The pages of `/callnote-config history`, whose buttons keep working after a restart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

import discord

from bot.interactions import audit_log
from bot.interactions.handler import InteractionHandler
from bot.notes.history import HistoryPlace, page_of
from bot.outbox import OutboxWorker


async def show_page(
    handler: InteractionHandler,
    outbox: OutboxWorker,
    interaction: discord.Interaction[Any],
    guild: discord.Guild,
    place: HistoryPlace,
) -> None:
    """Answer with a page and its buttons; refuses like `page_of`."""
    page = await page_of(outbox.store, guild.id, place, kept=outbox.keeps_history)
    at = page.place
    view = discord.ui.View(timeout=None)
    if at.page > 0:
        view.add_item(_button("Newer", replace(at, page=at.page - 1)))
    if page.older:
        view.add_item(_button("Older", replace(at, page=at.page + 1)))
    view.stop()  # so that discord.py does not keep it: `page_button` handles the presses
    await handler.respond(interaction, page.content, view=view if view.children else None)
    audit_log.outcome(interaction, f"history shown, page {at.page + 1}")


def _button(label: str, place: HistoryPlace) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(
        label=label,
        custom_id=(
            f"callnote-config:history:{place.anchor}:{place.page}"
            f":{place.call_id or 0}:{place.member_id or 0}"
        ),
    )


def page_button(
    handler: InteractionHandler, outbox: OutboxWorker
) -> type[discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]]]:
    """Return the dynamic item that handles all these buttons, however old their message is.

    A button's custom id holds the place of its page.
    """

    class PageButton(
        discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
        template=re.compile(
            r"callnote-config:history:(?P<anchor>\d{1,19}):(?P<page>\d{1,3})"
            r":(?P<call>\d{1,16}):(?P<member>\d{1,19})",
            re.ASCII,
        ),
    ):
        def __init__(self, place: HistoryPlace) -> None:
            self.place = place
            super().__init__(_button("Page", place))

        @classmethod
        async def from_custom_id(
            cls,
            _interaction: discord.Interaction[Any],
            _item: discord.ui.Item[Any],
            match: re.Match[str],
            /,
        ) -> Self:
            anchor, page, call, member = map(int, match.groups())
            return cls(HistoryPlace(anchor, page, call or None, member or None))

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            async def show(guild: discord.Guild) -> None:
                await show_page(handler, outbox, interaction, guild, self.place)

            await handler.run_component_callback(interaction, show)

    return PageButton
