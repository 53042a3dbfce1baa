"""The buttons below a note's message, which keep working after a restart.

A button's custom id holds the action and the note's id. Who may press it, and whether the note is
still in a state that offers it, is checked at every press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.interactions.components import DynamicButton, dynamic_button, stopped
from bot.notes.texts import BUTTONS
from bot.outbox import NoteRecord, NoteState

_CUSTOM_ID = re.compile(r"callnote:(?P<action>[a-z]{1,10}):(?P<note_id>[0-9]{1,20})")
OFFERED = {
    NoteState.HELD: ("add",),
    NoteState.QUEUED: ("cancel",),
    NoteState.CHECKING: ("cancel",),
    NoteState.FAILED: ("retry",),
    NoteState.UNCONFIRMED: ("check", "resend", "cancel"),
}
"""The actions offered in each state, as named in the custom id."""


def buttons_for(record: NoteRecord) -> discord.ui.View | None:
    """Return the buttons below a note in its present state, None for none; see `note_button`."""
    actions = OFFERED.get(record.state)
    if not actions:
        return None
    view = discord.ui.View(timeout=None)
    for action in actions:
        custom_id = f"callnote:{action}:{record.id}"
        view.add_item(discord.ui.Button(label=BUTTONS[action], custom_id=custom_id))
    return stopped(view)


def note_button(
    callback: Callable[[discord.Interaction[Any], str, int], Awaitable[None]],
) -> type[DynamicButton]:
    """Return the dynamic item for all these buttons; `callback` gets action and note id."""

    async def press_matched(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        await callback(interaction, match["action"], int(match["note_id"]))

    return dynamic_button(_CUSTOM_ID, press_matched)
