"""Reads what a dispatcher typed: the call number, and the note as plain text."""

from __future__ import annotations

import re
import unicodedata

from bot.interactions.errors import Refusal
from bot.interactions.markdown import without_controls
from bot.notes.problems import NoteProblem

NOTE_LIMIT = 4000
"""The most characters a note may have after trimming. Ours: the CAD documents no limit."""

LARGEST_CALL = 2**53 - 1  # the largest integer that every JSON parser keeps exact

_CALL = re.compile(r"#?([0-9]{1,16})\Z")
# How a community may show call numbers, with a date or letters in front.
_FORMATTED_CALL = re.compile(r"#?\w+(?:-\w+)*-[0-9]{1,16}\Z", re.ASCII)
# Invisible, although they are neither white space nor controls.
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def parse_call_number(text: str) -> int:
    """Return the call id in `123` or `#123`; refuses NO_CALL_NUMBER or CALL_NUMBER_AFTER_DASH."""
    found = _CALL.match(text.strip())
    if not found or not 1 <= int(found[1]) <= LARGEST_CALL:
        formatted = _FORMATTED_CALL.match(text.strip())
        raise Refusal(
            NoteProblem.CALL_NUMBER_AFTER_DASH if formatted else NoteProblem.NO_CALL_NUMBER
        )
    return int(found[1])


def parse_note(text: str) -> str:
    """Return the text as typed: trimmed, without control characters other than line breaks.

    Refuses with BLANK_NOTE when nothing visible is left, with LONG_NOTE above `NOTE_LIMIT`.
    """
    note = without_controls(text).strip()
    if not has_visible(note):
        raise Refusal(NoteProblem.BLANK_NOTE)
    if len(note) > NOTE_LIMIT:
        raise Refusal(NoteProblem.LONG_NOTE, length=len(note), limit=NOTE_LIMIT)
    return note


def has_visible(text: str) -> bool:
    """Whether any character of the text shows."""
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return (
        not character.isspace()
        and unicodedata.category(character) not in ("Cf", "Mn", "Me")
        and character not in _INVISIBLE_LETTERS
    )
