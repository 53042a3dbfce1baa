"""Reads what a dispatcher typed: the call number, and the note as plain text."""

from __future__ import annotations

import re
import unicodedata

from bot.interactions.errors import Refusal
from bot.interactions.markdown import without_controls
from bot.notes.problems import NoteProblem
from bot.sonoran import LARGEST_CALL

NOTE_LIMIT = 4000
"""The most characters a note may have as typed, after trimming; names in place of mentions may make
it longer. Ours: the CAD documents no limit."""

_TYPED_LIMIT = 40  # characters shown back of what is no call number

_CALL = re.compile(r"[0-9]{1,16}\Z")
_BEFORE_CALL = ("call", ":", "#")  # what may stand before the number, in this order
# How a community may show call numbers, with a date or letters in front.
_FORMATTED_CALL = re.compile(r"#?\w+(?:-\w+)*-[0-9]{1,16}\Z", re.ASCII)
# Invisible, although they are neither white space nor controls.
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def parse_call_number(text: str) -> int:
    """Return the call id in `123`, `#123` or `Call 123`, with anything invisible around it.

    Refuses with NO_CALL_NUMBER or CALL_NUMBER_AFTER_DASH, and what was typed.
    """
    typed = rest = _trimmed(text)
    for word in _BEFORE_CALL:
        if rest.lower().startswith(word):
            rest = _trimmed(rest[len(word) :])
    if not _CALL.match(rest) or not 1 <= int(rest) <= LARGEST_CALL:
        formatted = _FORMATTED_CALL.match(typed)
        raise Refusal(
            NoteProblem.CALL_NUMBER_AFTER_DASH if formatted else NoteProblem.NO_CALL_NUMBER,
            typed=_shown(text),
        )
    return int(rest)


def parse_note(text: str, *, lines: bool = False) -> str:
    r"""Return the text as typed: trimmed, without control characters other than line breaks.

    `\n` is a line break, too, as some clients cannot type any into an option; not so where it was
    typed in a field of several `lines`. Refuses with BLANK_NOTE when nothing visible is left, with
    LONG_NOTE above `NOTE_LIMIT`.
    """
    note = without_controls(text if lines else text.replace("\\n", "\n")).strip()
    if not has_visible(note):
        raise Refusal(NoteProblem.BLANK_NOTE)
    if len(note) > NOTE_LIMIT:
        raise Refusal(NoteProblem.LONG_NOTE, length=len(note), limit=NOTE_LIMIT)
    return note


def has_visible(text: str) -> bool:
    """Whether any character of the text shows."""
    return any(map(_is_visible, text))


def _trimmed(text: str) -> str:
    """Return a text without what does not show at its start and end."""
    shown = [position for position, character in enumerate(text) if _is_visible(character)]
    return text[shown[0] : shown[-1] + 1] if shown else ""


def _shown(text: str) -> str:
    """Return a text, shortened, with the code in place of what does not show."""
    head = f"{text[:_TYPED_LIMIT]}…" if len(text) > _TYPED_LIMIT else text
    return "".join(
        character
        if character == " " or _is_visible(character)
        else character.encode("unicode_escape").decode()
        for character in head
    )


def _is_visible(character: str) -> bool:
    return (
        not character.isspace()
        and unicodedata.category(character) not in ("Cc", "Cf", "Mn", "Me")
        and character not in _INVISIBLE_LETTERS
    )
