"""Text from outside is seen as it is, on one line, whatever it is made of."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, unescaped, without_controls
from bot.sandbox.discord.markdown import render
from tests.hostile_text import (
    AT_LINE_STARTS,
    BREAKS,
    CONSTRUCTS,
    expected_line,
    few,
    has_controls,
    hostile_texts,
    long_hostile_texts,
    utf16_units,
)

_SHORTENED = re.compile(r" … \(([\d,]+) characters, shortened here\) … ")
_ORDINARY = (
    "NOTE 'some note here' added to call #123",
    "Suspect: male, 10:45 at 5th & Main (blue car)",
    "Plate 8ABC123 (CA); last seen I-5 north, exit 12. Unit 2-L-17 en route!",
    'R/P says "he\'s gone" - no weapons = code 4 + 1 tow',
    "שלום, مرحبا, 😀",
)


def assert_seen_as(content: str, text: str) -> None:
    rendered = render(content)
    assert rendered.features == frozenset()
    assert rendered.text == text


@few
@given(hostile_texts(), st.integers(150, CONTENT_LIMIT))
def test_content_is_a_single_line(text: str, limit: int) -> None:
    assert len(escape_markdown(text, limit=limit).splitlines()) <= 1


@few
@given(hostile_texts(), st.integers(150, CONTENT_LIMIT))
def test_content_has_no_control_or_bidirectional_override(text: str, limit: int) -> None:
    assert not has_controls(escape_markdown(text, limit=limit))


@few
@given(hostile_texts() | st.text())
def test_content_can_be_sent_as_utf_8(text: str) -> None:
    escape_markdown(text).encode("utf-8")


@given(long_hostile_texts(6000), st.integers(150, CONTENT_LIMIT))
@example("😀" * 1000, 150)
@example("*" * 200_000, 150)
def test_content_keeps_within_the_limit_in_utf_16_units(text: str, limit: int) -> None:
    assert utf16_units(escape_markdown(text, limit=limit)) <= limit


@given(hostile_texts())
def test_a_text_can_be_had_back_from_its_content(text: str) -> None:
    assert unescaped(escape_markdown(text, limit=10**6)) == expected_line(text)


@given(hostile_texts())
@example("a\n# b")
@example("discord.gift/abc")
def test_any_text_renders_as_itself_with_no_feature(text: str) -> None:
    line = expected_line(text)
    content = escape_markdown(text, limit=10**6)
    assume(line)
    assert_seen_as(content, line)


@given(long_hostile_texts(6000), st.integers(150, CONTENT_LIMIT))
def test_a_shortened_text_renders_as_its_start_and_end_with_no_feature(
    text: str, limit: int
) -> None:
    content = escape_markdown(text, limit=limit)
    assume(_SHORTENED.search(content))
    line = expected_line(text)
    rendered = render(content)
    assert rendered.features == frozenset()
    start, count, end = _SHORTENED.split(rendered.text, maxsplit=1)
    assert line.startswith(start)
    assert line.endswith(end)
    assert int(count.replace(",", "")) == len(line)


@few
@given(hostile_texts())
def test_without_controls_leaves_no_control_but_line_feeds(text: str) -> None:
    assert not has_controls(without_controls(text).replace("\n", ""))


@few
@given(hostile_texts())
def test_without_controls_keeps_the_number_of_lines(text: str) -> None:
    assert without_controls(f"{text}.").count("\n") == len(f"{text}.".splitlines()) - 1


@few
@given(hostile_texts())
def test_without_controls_changes_nothing_the_second_time(text: str) -> None:
    once = without_controls(text)
    assert without_controls(once) == once


@pytest.mark.parametrize("text", _ORDINARY)
def test_ordinary_text_comes_out_unchanged(text: str) -> None:
    assert escape_markdown(text) == text


@pytest.mark.parametrize("text", _ORDINARY)
def test_ordinary_text_is_seen_as_it_is(text: str) -> None:
    assert_seen_as(escape_markdown(text), text)


def test_a_construct_is_seen_as_what_was_typed() -> None:
    for construct in CONSTRUCTS:
        text = f"see {construct} here"
        assert_seen_as(escape_markdown(text), expected_line(text))


@pytest.mark.parametrize("start", AT_LINE_STARTS)
def test_a_line_start_is_seen_as_what_was_typed(start: str) -> None:
    assert_seen_as(escape_markdown(f"{start}text"), f"{start}text".strip())


@pytest.mark.parametrize("line_break", BREAKS)
def test_a_later_line_start_is_seen_as_what_was_typed(line_break: str) -> None:
    for start in AT_LINE_STARTS:
        text = f"a{line_break}{start}b"
        assert_seen_as(escape_markdown(text), expected_line(text))


@pytest.mark.parametrize("line_break", BREAKS)
def test_a_line_break_is_shown_as_a_sign(line_break: str) -> None:
    assert escape_markdown(f"one{line_break}two") == "one ↵ two"


def test_blank_lines_show_one_sign_only() -> None:
    assert escape_markdown("one\r\n\r\n \n\ntwo\n") == "one ↵ two"


@pytest.mark.parametrize("invisible", ["\u200b", "\ufeff", "\u2060", "\u200e", "\u00ad", "\u061c"])
def test_a_heading_behind_an_invisible_character_is_escaped(invisible: str) -> None:
    assert escape_markdown(f"{invisible}# Title") == f"{invisible}\\# Title"


def test_a_backslash_is_shown_as_a_backslash() -> None:
    assert escape_markdown("C:\\*") == "C:\\\\\\*"


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert escape_markdown("a\ud83db") == "a\ufffdb"


def test_a_tab_becomes_a_space() -> None:
    assert escape_markdown("a\tb") == "a b"


def test_a_text_that_just_fits_is_not_shortened() -> None:
    assert escape_markdown("a" * 1998 + "😀") == "a" * 1998 + "😀"


def test_a_text_one_unit_too_long_is_shortened() -> None:
    assert "shortened" in escape_markdown("a" * 1999 + "😀")


def test_a_shortened_text_says_how_long_it_was() -> None:
    assert "(3,000 characters, shortened here)" in escape_markdown("a" * 3000)


def test_a_shortened_text_keeps_its_last_characters() -> None:
    end = "' added to call #9007199254740991"
    assert escape_markdown(f"NOTE '{'x' * 4000}{end}").endswith(f"xxx{end}")


def test_a_shortened_text_keeps_its_start() -> None:
    assert escape_markdown(f"NOTE 'Suspect {'x' * 4000}").startswith("NOTE 'Suspect xxx")


def test_a_shortened_text_uses_the_room_there_is() -> None:
    assert utf16_units(escape_markdown("a" * 5000)) == CONTENT_LIMIT


@pytest.mark.parametrize(
    "unit", ["[", "](", "<@", ":a", "\n# ", "**_~~||`", "1", "1.", "\u200b", " ", "\\", ".gg/"]
)
def test_64_kib_of_hostile_text_become_one_message(unit: str) -> None:
    content = escape_markdown("x" + unit * (65_536 // len(unit)) + "y")
    assert render(content).features == frozenset()
    assert utf16_units(content) <= CONTENT_LIMIT
