"""The buttons and the select of call cards, which keep working after a restart.

A button's custom id holds the action, the community's mark, the CAD server and the call; those of
the first cards have no mark, and count as out of date. Who may press it, and whether the message is
one that offers it, is checked at every press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import discord

from bot.calls.card_texts import ADD_NOTE, KEEP, NEWER, OLDER, PLACEHOLDER, REFRESH
from bot.calls.texts import call_label
from bot.interactions.components import DynamicItem, dynamic_item, mark_of, stopped
from bot.sonoran import DispatchCall

MOST_OPTIONS = 25
"""Discord's limit for the options of a select (Component reference, String Select)."""

_LIST = r"(?:(?P<mark>[0-9a-f]{8}):)?(?P<server>[1-9][0-9]{0,8})"
_BUTTON_ID = re.compile(
    rf"callnote-card:(?P<action>add|keep|refresh|page):{_LIST}"
    r":(?P<call>[1-9][0-9]{0,15})(?::(?P<page>[0-9]{1,2}))?"
)
_SELECT_ID = re.compile(rf"callnote-card:open:{_LIST}")


def private_buttons(
    community: str, call: DispatchCall, page: int, *, older: bool, may_keep: bool
) -> discord.ui.View:
    """Return the buttons below a card that one member sees."""
    view = discord.ui.View(timeout=None)
    button = partial(_button, community, call.server_id, call.call_id)
    if not call.closed:
        view.add_item(button("add", ADD_NOTE))
    if may_keep:
        view.add_item(button("keep", KEEP))
    view.add_item(button("page", REFRESH, page))
    if page > 0:
        view.add_item(button("page", NEWER, page - 1, row=1))
    if older:
        view.add_item(button("page", OLDER, page + 1, row=1))
    return stopped(view)


def kept_buttons(community: str, server_id: int, call_id: int) -> discord.ui.View:
    """Return the buttons below a card in a channel."""
    view = discord.ui.View(timeout=None)
    view.add_item(_button(community, server_id, call_id, "add", ADD_NOTE))
    view.add_item(_button(community, server_id, call_id, "refresh", REFRESH))
    return stopped(view)


def call_select(
    community: str, server_id: int, calls: Sequence[DispatchCall]
) -> discord.ui.View | None:
    """Return the select that opens the card of one of these calls, None without any."""
    if not calls:
        return None
    view = discord.ui.View(timeout=None)
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=f"callnote-card:open:{mark_of(community)}:{server_id}",
        placeholder=PLACEHOLDER,
        options=[
            discord.SelectOption(label=call_label(call), value=str(call.call_id))
            for call in calls[:MOST_OPTIONS]
        ],
    )
    view.add_item(select)
    return stopped(view)


def card_button(
    press: Callable[[discord.Interaction[Any], str, str, int, int, int], Awaitable[None]],
) -> type[DynamicItem]:
    """Return the dynamic item for all these buttons.

    `press` gets the action, the community's mark, the ids of CAD server and call, and the page, 0
    where there is none.
    """

    async def press_matched(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        server, call, page = int(match["server"]), int(match["call"]), int(match["page"] or 0)
        await press(interaction, match["action"], match["mark"] or "", server, call, page)

    return dynamic_item(_BUTTON_ID, press_matched)


def card_select(
    choose: Callable[[discord.Interaction[Any], str, int, str], Awaitable[None]],
) -> type[DynamicItem]:
    """Return the dynamic item for all these selects.

    `choose` gets the community's mark, the id of the CAD server and the chosen value.
    """

    async def choose_matched(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        data: Any = interaction.data or {}
        values = data.get("values") or [""]
        await choose(interaction, match["mark"] or "", int(match["server"]), str(values[0]))

    return dynamic_item(_SELECT_ID, choose_matched, discord.ui.Select)


def _button(
    community: str,
    server_id: int,
    call_id: int,
    action: str,
    label: str,
    page: int | None = None,
    row: int = 0,
) -> discord.ui.Button[discord.ui.View]:
    custom_id = f"callnote-card:{action}:{mark_of(community)}:{server_id}:{call_id}"
    if page is not None:
        custom_id += f":{page}"
    return discord.ui.Button(label=label, custom_id=custom_id, row=row)
