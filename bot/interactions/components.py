"""Components that keep working after a restart, as nothing about them is kept in memory."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import discord

_View = TypeVar("_View", bound=discord.ui.View)

DynamicButton = discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]]


def stopped(view: _View) -> _View:
    """Stop a view that is shown, which a registered one handles, so that discord.py drops it."""
    view.stop()
    return view


def dynamic_button(
    template: re.Pattern[str],
    press: Callable[[discord.Interaction[Any], re.Match[str]], Awaitable[None]],
) -> type[DynamicButton]:
    """Return the dynamic item that handles every button whose custom id matches `template`.

    `press` is called with the interaction and the match, and handles failures.
    """

    class Item(DynamicButton, template=template):
        def __init__(self, match: re.Match[str]) -> None:
            self._match = match
            super().__init__(discord.ui.Button(custom_id=match[0]))

        @classmethod
        async def from_custom_id(
            cls,
            _interaction: discord.Interaction[Any],
            _item: discord.ui.Item[Any],
            match: re.Match[str],
            /,
        ) -> Self:
            return cls(match)

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            await press(interaction, self._match)

    return Item
