"""The name beside a note in the CAD: the member's unit number there, or else the display name."""

from __future__ import annotations

import discord

from bot.interactions.markdown import one_line
from bot.notes.parsing import has_visible


class NoteLabels:
    """Tells what stands beside a member's notes."""

    async def of(self, member: discord.Member) -> str:
        """Return it."""
        return label_of(member)


def label_of(member: discord.Member) -> str:
    """Return the name that the CAD shows beside the note; a nickname may be blank."""
    name = one_line(member.display_name)
    return name if has_visible(name) else member.name
