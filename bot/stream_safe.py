"""Caps runs of combining marks, with which normalizing a text takes quadratic time."""

from __future__ import annotations

import re
import unicodedata

MOST_MARKS = 30
"""The most combining marks in a row that any language needs, generously (UAX #15, section 13)."""

# No character before U+0300 is a combining mark. The range of all others takes long to compile.
_LONG_RUN = re.compile(rf"[^\0-\u02ff]{{{MOST_MARKS + 1},}}")


def stream_safe(text: str) -> str:
    """Return the text without the marks of a run beyond `MOST_MARKS`; takes linear time."""
    return _LONG_RUN.sub(_capped, text)


def _capped(found: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in found[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
