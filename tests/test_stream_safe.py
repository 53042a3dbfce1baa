"""Runs of combining marks are capped, and nothing else is changed."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.interactions.markdown import one_line
from bot.notes.parsing import parse_note
from bot.stream_safe import MOST_MARKS, stream_safe
from tests.cases import cases
from tests.hostile_text import some


def longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest


@some
@given(st.text(st.sampled_from("ae\u0301\u0323\u0344é क्"), max_size=200))
def test_a_text_without_long_runs_stays_as_it_is_and_no_other_has_them(text: str) -> None:
    safe = stream_safe(text)
    assert longest_run(safe) <= MOST_MARKS
    assert (safe == text) == (longest_run(text) <= MOST_MARKS)
    assert stream_safe(safe) == safe


@cases("taken", [parse_note, one_line])
def test_notes_and_names_are_taken_with_runs_of_thirty_marks_at_most(taken: object) -> None:
    marks = "\u0301\u0323" * 1990
    assert taken(f"a{marks}b") == f"a{marks[:30]}b"  # type: ignore[operator]
