"""Shows a Discord message as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.discord import Message
from bot.sandbox.discord.markdown import render


def as_shown(message: Message, person: str, choices: Sequence[str] = ()) -> str:
    """Return what people see of a message: its text, its files with their text, its components.

    `person` is who sees an ephemeral message.
    """
    guild = message.channel.guild
    members = guild.members if guild is not None else {}
    names = {number: member.display_name for number, member in members.items()}
    text = render(message.content, names).text
    lines = [f"(only the {person} sees this) {text}" if message.ephemeral else text]
    for file in message.attachments:
        lines.append(f"  {file.filename}:")
        lines += [f"    {line}" for line in file.content.decode(errors="replace").splitlines()]
    if message.buttons:
        lines.append("  press: " + ", ".join(button.label for button in message.buttons))
    if choices:
        lines.append("  choose: " + ", ".join(choices))
    return "\n".join(lines)
