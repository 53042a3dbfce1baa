"""Caps runs of combining marks, with which normalizing a text takes quadratic time."""

from __future__ import annotations

import unicodedata

MOST_MARKS = 30
"""The most combining marks in a row that any language needs, generously (UAX #15, section 13)."""


def stream_safe(text: str) -> str:
    """Return the text without the marks of a run beyond `MOST_MARKS`; takes linear time."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
