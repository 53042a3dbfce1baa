"""The buttons below a note's message, which keep working after a restart.

A button's custom id holds the action and the note's id. Who may press it, and whether the note is
still in a state that offers it, is checked at every press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from bot.outbox import NoteRecord, NoteState

_LABELS = {
    "cancel": "Cancel",
    "retry": "Try again",
    "check": "Check again",
    "resend": "Send again",
    "add": "Add anyway",
}
OFFERED = {
    NoteState.HELD: ("add",),
    NoteState.QUEUED: ("cancel",),
    NoteState.CHECKING: ("cancel",),
    NoteState.FAILED: ("retry",),
    NoteState.UNCONFIRMED: ("check", "resend", "cancel"),
}
"""The actions offered in each state, as named in the custom id."""


def buttons_for(record: NoteRecord) -> discord.ui.View | None:
    """Return the buttons below a note in its present state, None for none.

    The view is stopped, so that discord.py does not keep it: `note_button` handles the presses.
    """
    actions = OFFERED.get(record.state)
    if not actions:
        return None
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(
            discord.ui.Button(label=_LABELS[action], custom_id=f"callnote:{action}:{record.id}")
        )
    view.stop()
    return view


def note_button(
    press: Callable[[discord.Interaction[Any], str, int], Awaitable[None]],
) -> type[discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]]]:
    """Return the dynamic item that handles all these buttons, however old their message is.

    `press` is called with the interaction, the action and the note's id, and handles failures.
    """

    class NoteButton(
        discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
        template=re.compile(r"callnote:(?P<action>[a-z]{1,10}):(?P<note_id>[0-9]{1,20})"),
    ):
        def __init__(self, custom_id: str, action: str, note_id: int) -> None:
            self.action = action
            self.note_id = note_id
            super().__init__(discord.ui.Button(label=action, custom_id=custom_id))

        @classmethod
        async def from_custom_id(
            cls,
            _interaction: discord.Interaction[Any],
            _item: discord.ui.Item[Any],
            match: re.Match[str],
            /,
        ) -> Self:
            return cls(match[0], match["action"], int(match["note_id"]))

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            await press(interaction, self.action, self.note_id)

    return NoteButton
