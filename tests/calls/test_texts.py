"""The line that names a call fits where it is shown, whatever the CAD says of the call."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calls.texts import ago, call_label
from tests.calls.calls import CALL, call
from tests.hostile_text import any_character, has_controls, hostile_texts, utf16_units


def test_a_line_names_number_code_title_address_and_priority() -> None:
    full = call(123, "Traffic Stop", code="10-50", address="4234 E. Example Ave", priority="1")
    assert call_label(full) == "#123 · 10-50 Traffic Stop · 4234 E. Example Ave · P1"
    assert call_label(CALL) == "#123 · 10-50 Traffic Stop · 4234 E. Example Ave"


def test_what_the_cad_does_not_give_is_left_out() -> None:
    assert call_label(call(7)) == "#7"
    assert call_label(call(7, " \n ", priority="High")) == "#7 · High"
    assert call_label(call(7, "Fire", closed=True)) == "#7 · Fire · closed"


def test_the_longest_part_is_shortened_first() -> None:
    label = call_label(call(7, "x" * 300, address="Elm Street", priority="2"))
    assert len(label) == 100
    assert label.endswith("x… · Elm Street · P2")


def test_an_old_list_says_so() -> None:
    assert call_label(call(7, "Fire"), age=600.0) == "#7 · Fire · 10 min ago"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 min ago"),
        (89, "1 min ago"),
        (91, "2 min ago"),
        (7199, "2 h ago"),
        (86400, "24 h ago"),
    ],
)
def test_an_age_is_told_in_minutes_or_hours(seconds: float, text: str) -> None:
    assert ago(seconds) == text


texts = hostile_texts(20) | st.text(any_character, max_size=5).map(lambda text: text * 60)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 2**53 - 1), texts, texts, texts, texts, st.booleans(), st.sampled_from((80, 100))
)
def test_a_line_begins_with_the_number_and_fits(
    call_id: int, code: str, title: str, address: str, priority: str, closed: bool, limit: int
) -> None:
    members = {"code": code, "address": address, "priority": priority, "closed": closed}
    for age in (0.0, 9e5):
        label = call_label(call(call_id, title, **members), limit, age)
        assert label.startswith(f"#{call_id}")
        assert utf16_units(label) <= limit
        assert not has_controls(label)
        assert "\n" not in label
