"""How a live call is named in a line: in suggestions, lists, buttons, and below a note.

The lines are plain text; where Discord would format them they are to be escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.interactions.markdown import beginning, one_line, utf16_units
from bot.sonoran import DispatchCall

CHOICE_LIMIT = 100
"""UTF-16 units of a suggestion's name at most (Discord API docs, Application Commands)."""

BUTTON_LIMIT = 80
"""UTF-16 units of a button's label at most (Discord API docs, Component Reference)."""

_SEPARATOR = " · "
_PRIORITY_LIMIT = 12  # UTF-16 units


def call_label(call: DispatchCall, limit: int = CHOICE_LIMIT, age: float = 0.0) -> str:
    """Return `#123 · 10-50 Traffic Stop · 4234 E. Example Ave · P1`, at most `limit` UTF-16 units.

    `limit` is 80 or more. What the CAD does not give is left out; where `age`, in seconds, is not
    0, the line ends with it.
    """
    ends = ["closed"] if call.closed else []
    if priority := cut(one_line(call.priority), _PRIORITY_LIMIT):
        ends.append(f"P{priority}" if priority.isdigit() else priority)
    if age:
        ends.append(ago(age))
    number = f"#{call.call_id}"
    room = limit - utf16_units(_SEPARATOR.join([number, *ends]))
    return _SEPARATOR.join([number, *_fitting(details(call), room), *ends])


def details(call: DispatchCall) -> list[str]:
    """Return a call's code with its title and its address, as far as the CAD gives them."""
    parts = (f"{call.code} {call.title}", call.address)
    return [part for each in parts if (part := one_line(each))]


def ago(seconds: float) -> str:
    """Return how old something is, in minutes or hours, such as `5 min ago`."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"


def cut(text: str, limit: int) -> str:
    """Return a text, shortened with an ellipsis to at most `limit` UTF-16 units, 1 or more."""
    if utf16_units(text) <= limit:
        return text
    return f"{beginning(text, limit - 1)}…"


def _fitting(parts: Sequence[str], room: int) -> list[str]:
    """Return parts shortened so that they fit with a separator before each; the longest first."""
    room -= len(_SEPARATOR) * len(parts)
    shown = list(parts)
    shortest_first = sorted(range(len(parts)), key=lambda at: utf16_units(parts[at]))
    for done, at in enumerate(shortest_first):
        shown[at] = cut(parts[at], room // (len(parts) - done))
        room -= utf16_units(shown[at])
    return shown
