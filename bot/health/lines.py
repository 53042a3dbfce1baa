"""One finding of a health check as a line, and all of them as a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, utf16_units

LINE_LIMIT = 240
"""UTF-16 units of a line in Discord at most, as names and the CAD's texts may be long."""

SHORT_LINE_LIMIT = 150
"""The same where there is not enough room for all lines."""

CERTIFICATE_ADVICE = (
    "check this machine's clock and root certificates, and whether a proxy or a virus scanner puts "
    "its own certificate in its place"
)
"""What to do about a certificate that cannot be verified."""


class Mark(Enum):
    """How well something is; the value is shown before its line in Discord."""

    WELL = "✅"
    ILL = "❌"
    NOTE = "➖"  # neither, or not known


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, as plain text."""

    mark: Mark
    text: str


well, ill, note = (partial(Line, mark) for mark in Mark)


def ask_host(to_host: bool) -> str:
    """Return the words before an action for the host, none if the host reads them."""
    return "" if to_host else "ask the bot's host to "


def status_content(lines: Iterable[Line], last_change: str | None) -> str:
    """Return the lines, and the content that tells the last change, as one message's content.

    If they are too long for it, each line is shortened, and then what does not fit is left out.
    """
    findings = list(lines)
    for limit in LINE_LIMIT, SHORT_LINE_LIMIT:
        shown = [
            f"{each.mark.value} {escape_markdown(each.text, limit=limit)}" for each in findings
        ]
        if last_change is not None:
            shown.append(f"{Mark.NOTE.value} {last_change}")
        if utf16_units(content := "\n".join(shown)) <= CONTENT_LIMIT:
            return content
    content = ""
    for line in shown:
        if utf16_units(content) + utf16_units(line) < CONTENT_LIMIT:
            content += f"{line}\n"
    return content.rstrip()
