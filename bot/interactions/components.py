"""Components that keep working after a restart, as nothing about them is kept in memory."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self, TypeVar
from zlib import crc32

import discord

SECRET_FORM = "callnote-secret:"  # noqa: S105 - the word, not one
"""What the custom id of a form begins with whose values the log must never show."""

_View = TypeVar("_View", bound=discord.ui.View | discord.ui.Modal)

DynamicItem = discord.ui.DynamicItem[discord.ui.Item[Any]]


def field_values(data: Mapping[str, object]) -> dict[str, str]:
    """Return what was typed, or chosen first, in each field of a submitted form, by custom ids.

    `data` is the interaction's: a form is handled by what was submitted, as the one that was shown
    may date from an earlier process. What is not as Discord sends it is left out.
    """
    found: dict[str, str] = {}
    left: list[Any] = [dict(data)]
    while left:
        component = left.pop()
        if not isinstance(component, dict):
            continue
        custom_id, values = component.get("custom_id"), component.get("values")
        value = values[0] if isinstance(values, list) and values else component.get("value")
        if isinstance(custom_id, str) and isinstance(value, str):
            found[custom_id] = value.strip()
        inner = component.get("components")
        left += inner if isinstance(inner, list) else []
        left.append(component.get("component"))
    return found


def mark_of(community: str) -> str:
    """Return what an id has of a community, as another one has calls of the same numbers.

    One in four thousand million others has the same.
    """
    return f"{crc32(community.encode()):08x}"


def stopped(view: _View) -> _View:
    """Stop a view that is shown, so that discord.py drops it: a registered one handles it."""
    view.stop()
    return view


def dynamic_item(
    template: re.Pattern[str],
    handle: Callable[[discord.Interaction[Any], re.Match[str]], Awaitable[None]],
    kind: type[discord.ui.Button[Any] | discord.ui.Select[Any]] = discord.ui.Button,
) -> type[DynamicItem]:
    """Return the dynamic item for every component of a `kind` whose custom id matches `template`.

    `handle` is called with the interaction and the match, and handles failures.
    """

    class Item(DynamicItem, template=template):
        def __init__(self, match: re.Match[str]) -> None:
            self._match = match
            super().__init__(kind(custom_id=match[0]))

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
            await handle(interaction, self._match)

    return Item
