"""The buttons below a note's message, which go on working after a restart.

Which note and what to do stands in a button's custom id, so nothing has to be remembered; who may
press it, and whether the note is still where the button was made, is looked up at every press.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.outbox import NoteRecord, NoteState

if TYPE_CHECKING:
    from bot.app.client import CallnoteBot

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
"""What may be done with a note in each state, by the word in the custom id."""


def buttons_for(record: NoteRecord) -> discord.ui.View | None:
    """Return what may be pressed below a note in its present state, None for nothing.

    A view anew each time, of such buttons alone: discord.py 2.7 otherwise forgets the class.
    """
    actions = OFFERED.get(record.state)
    if not actions:
        return None
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(NoteButton(action, record.id))
    return view


class NoteButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=re.compile(r"callnote:(?P<action>[a-z]{1,10}):(?P<note_id>[0-9]{1,20})"),
):
    """One button; `action` is one of those that `buttons_for` offers."""

    def __init__(self, action: str, note_id: int) -> None:
        self.action = action
        self.note_id = note_id
        super().__init__(
            discord.ui.Button(
                label=_LABELS.get(action, action), custom_id=f"callnote:{action}:{note_id}"
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
        return cls(match["action"], int(match["note_id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Leave the press to the bot, which answers it whatever goes wrong."""
        bot: CallnoteBot = interaction.client
        await bot.note_actions.press(interaction, self.action, self.note_id)
