"""One finding of a health check as a line, and all of them as a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units
from bot.settings.repository import FROM_DISCORD, SettingChange

LINE_LIMIT = 300
"""UTF-16 units of a line in Discord at most, as names and the CAD's texts may be long."""


class Mark(Enum):
    """How well something is; the value is shown before its line in Discord."""

    WELL = "✅"
    ILL = "❌"
    NOTE = "➖"
    """Neither, or not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, as plain text."""

    mark: Mark
    text: str


def status_content(lines: Iterable[Line], change: SettingChange | None) -> str:
    """Return the lines, and who changed a setting last, as one message's content."""
    shown = [f"{line.mark.value} {escape_markdown(line.text, limit=LINE_LIMIT)}" for line in lines]
    if change is not None:
        by = "" if change.member_id == FROM_DISCORD else f" by <@{change.member_id}>"
        shown.append(
            f"{Mark.NOTE.value} Last change <t:{int(change.changed_at)}:R>{by}: "
            + escape_markdown(change.what, limit=LINE_LIMIT)
        )
    content = ""
    for line in shown:
        if utf16_units(content) + utf16_units(line) < CONTENT_LIMIT:
            content += f"{line}\n"
    return content.rstrip()


def host_words(to_host: bool) -> str:
    """Return the words before an action for the host, none if the host reads them."""
    return "" if to_host else "ask the bot's host to "
