"""The buttons below a note's message, which keep working after a restart.

A button's custom id holds the action and the note's id. Who may press it, and whether the note is
still in a state that offers it, is checked at every press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.calls.texts import BUTTON_LIMIT, call_label
from bot.interactions.components import DynamicItem, dynamic_item, stopped
from bot.notes.call_texts import NO_FACTS, CallFacts
from bot.notes.texts import BUTTONS
from bot.outbox import NoteRecord, NoteState

_CUSTOM_ID = re.compile(
    r"callnote:(?P<action>[a-z]{1,10}):(?P<note_id>[0-9]{1,20})(?::(?P<call_id>[0-9]{1,16}))?"
)
OFFERED = {
    NoteState.HELD: ("add",),
    NoteState.QUEUED: ("cancel",),
    NoteState.CHECKING: ("cancel",),
    NoteState.FAILED: ("retry",),
    NoteState.REFUSED: ("to",),
    NoteState.UNCONFIRMED: ("check", "resend", "cancel"),
}
"""The actions offered in each state, as named in the custom id; `to` once for each call near."""


def buttons_for(record: NoteRecord, facts: CallFacts = NO_FACTS) -> discord.ui.View | None:
    """Return the buttons below a note in its present state, None for none; see `note_button`."""
    if record.state not in OFFERED:
        return None
    view = discord.ui.View(timeout=None)
    for action in OFFERED[record.state]:
        custom_id = f"callnote:{action}:{record.id}"
        if action != "to":
            view.add_item(discord.ui.Button(label=BUTTONS[action], custom_id=custom_id))
            continue
        for row, call in enumerate(facts.near):
            label = call_label(call, BUTTON_LIMIT)
            button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
                label=label, custom_id=f"{custom_id}:{call.call_id}", row=row
            )
            view.add_item(button)
    return stopped(view) if view.children else None


def note_button(
    callback: Callable[[discord.Interaction[Any], str, int, int | None], Awaitable[None]],
) -> type[DynamicItem]:
    """Return the dynamic item for all these buttons.

    `callback` gets the action, the note's id, and the call's where the action names one.
    """

    async def press_matched(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        call_id = match["call_id"]
        await callback(
            interaction,
            match["action"],
            int(match["note_id"]),
            None if call_id is None else int(call_id),
        )

    return dynamic_item(_CUSTOM_ID, press_matched)
