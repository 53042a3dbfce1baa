"""Text from outside is seen as it is, on one line, whatever it is made of."""

import re
from itertools import product

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
    some,
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
def test_content_is_one_line_without_controls_that_can_be_sent(text: str, limit: int) -> None:
    content = escape_markdown(text, limit=limit)
    assert len(content.splitlines()) <= 1
    assert not has_controls(content)
    content.encode("utf-8")


@some
@given(hostile_texts())
@example("a\n# b")
@example("discord.gift/abc")
def test_any_text_renders_as_itself_with_no_feature_and_can_be_had_back(text: str) -> None:
    line = expected_line(text)
    content = escape_markdown(text, limit=10**6)
    assert unescaped(content) == line
    assume(line)
    assert_seen_as(content, line)


@some
@given(long_hostile_texts(3000), st.integers(150, CONTENT_LIMIT))
@example("😀" * 1000, 150)
@example("*" * 20_000, 150)
def test_a_shortened_text_fits_and_renders_as_its_start_and_end_with_no_feature(
    text: str, limit: int
) -> None:
    """The limit is Discord's, in UTF-16 units."""
    content = escape_markdown(text, limit=limit)
    assert utf16_units(content) <= limit
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
def test_without_controls_leaves_line_feeds_alone_and_nothing_for_a_second_time(
    text: str,
) -> None:
    once = without_controls(text)
    assert not has_controls(once.replace("\n", ""))
    assert without_controls(f"{text}.").count("\n") == len(f"{text}.".splitlines()) - 1
    assert without_controls(once) == once


def test_ordinary_text_comes_out_unchanged_and_is_seen_as_it_is() -> None:
    for text in _ORDINARY:
        assert escape_markdown(text) == text
        assert_seen_as(text, text)


def test_a_construct_is_seen_as_what_was_typed() -> None:
    for construct in CONSTRUCTS:
        text = f"see {construct} here"
        assert_seen_as(escape_markdown(text), expected_line(text))


def test_a_line_start_is_seen_as_what_was_typed() -> None:
    for start in AT_LINE_STARTS:
        assert_seen_as(escape_markdown(f"{start}text"), f"{start}text".strip())


def test_a_later_line_start_is_seen_as_what_was_typed() -> None:
    for line_break, start in product(BREAKS, AT_LINE_STARTS):
        text = f"a{line_break}{start}b"
        assert_seen_as(escape_markdown(text), expected_line(text))


def test_a_line_break_is_shown_as_a_sign() -> None:
    for line_break in BREAKS:
        assert escape_markdown(f"one{line_break}two") == "one ↵ two"


def test_blank_lines_show_one_sign_only() -> None:
    assert escape_markdown("one\r\n\r\n \n\ntwo\n") == "one ↵ two"


def test_a_heading_behind_an_invisible_character_is_escaped() -> None:
    for invisible in ("\u200b", "\ufeff", "\u2060", "\u200e", "\u00ad", "\u061c"):
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


def test_64_kib_of_hostile_text_become_one_message() -> None:
    units = ("[", "](", "<@", ":a", "\n# ", "**_~~||`", "1", "1.", "\u200b", " ", "\\", ".gg/")
    for unit in units:
        content = escape_markdown("x" + unit * (65_536 // len(unit)) + "y")
        assert render(content).features == frozenset()
        assert utf16_units(content) <= CONTENT_LIMIT
