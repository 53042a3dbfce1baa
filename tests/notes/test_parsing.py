"""What a dispatcher typed becomes plain text for the CAD."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.interactions.errors import Refusal
from bot.interactions.markdown import one_line
from bot.notes.parsing import NOTE_LIMIT, parse_call_number, parse_note
from bot.notes.problems import NoteProblem
from bot.sonoran import LARGEST_CALL
from tests.hostile_text import any_character, few, has_controls, hostile_texts

CALL_PROBLEMS = (NoteProblem.NO_CALL_NUMBER, NoteProblem.CALL_NUMBER_AFTER_DASH)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("123", 123),
        ("#123", 123),
        ("  #123 ", 123),
        ("0007", 7),
        ("1", 1),
        ("123\n", 123),
        ("\u200b123", 123),
        ("123\u200b\ufeff", 123),
        ("\u202a#\u2060 123\u202c", 123),
        ("123\ufe0f", 123),
        ("1\0", 1),
        ("# 123", 123),
        ("#\u00a0123", 123),
        ("Call 123", 123),
        ("CALL #123", 123),
        ("call: # 123", 123),
        ("call:123", 123),
        (str(LARGEST_CALL), LARGEST_CALL),
    ],
)
def test_a_call_number_is_read(text: str, number: int) -> None:
    assert parse_call_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "#",
        "0",
        "#0",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "1_000",
        "1,000",
        "##1",
        "# # 1",
        "1 #",
        "Call",
        "Calls 1",
        "Call Call 1",
        "1\u200b2",
        "1 2",
        "12a",
        "١٢٣",
        "１２３",
        "²",
        str(LARGEST_CALL + 1),
        "9" * 17,
        "9" * 6000,
    ],
)
def test_anything_else_is_no_call_number(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_call_number(text)
    assert caught.value.key in CALL_PROBLEMS


@few
@given(st.integers(1, LARGEST_CALL))
def test_every_call_number_is_read_with_or_without_the_sign(number: int) -> None:
    assert parse_call_number(f"{number}") == parse_call_number(f"#{number}") == number


@few
@given(hostile_texts() | st.text(any_character))
def test_any_text_is_a_call_number_or_refused(text: str) -> None:
    with contextlib.suppress(Refusal):
        parse_call_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \t ",
        "\n\r\n",
        "\0\x1b",
        "\u200b",
        "\u200b \u2060\ufeff",
        "\u202e\u2066",
        "\u3164",
        "\u2800\u2800",
        "\u00ad",
        "\u0301",
        "\ufe0f",
        "\U000e0041",
        "\u00a0\u3000",
    ],
)
def test_a_note_with_nothing_to_see_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_note(text)
    assert caught.value.key is NoteProblem.BLANK_NOTE


@pytest.mark.parametrize("text", [".", "0", "😀", "é", "e\u0301", "שלום", "\u200bx", "\ufffd"])
def test_a_note_with_one_visible_character_is_taken(text: str) -> None:
    assert parse_note(text) == text


def test_a_note_is_trimmed() -> None:
    assert parse_note(" \n Suspect fled \t\r\n") == "Suspect fled"


def test_a_notes_line_breaks_are_kept_as_line_feeds() -> None:
    assert parse_note("a\r\nb\rc\u2028d\ne") == "a\nb\nc\nd\ne"


@pytest.mark.parametrize(
    ("note", "lines"), [("a\\nb", "a\nb"), ("a \\n\\n b", "a \n\n b"), ("\\na\\n", "a")]
)
def test_a_line_break_may_be_typed_as_a_code(note: str, lines: str) -> None:
    assert parse_note(note) == lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("12a", "12a"),
        (" 1\u200b2 ", " 1\\u200b2 "),
        ("\n", "\\n"),
        ("x" * 100, "x" * 40 + "…"),
        ("2024-123", "2024-123"),
    ],
)
def test_what_is_no_call_number_is_shown_back(text: str, shown: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_call_number(text)
    assert caught.value.data == {"typed": shown}


def test_a_notes_markdown_is_kept() -> None:
    assert parse_note("**a** `b` \\c <t:1>") == "**a** `b` \\c <t:1>"


@few
@given(hostile_texts())
def test_no_control_but_line_feeds_is_left_in_a_note(text: str) -> None:
    try:
        note = parse_note(text)
    except Refusal:
        return
    assert not has_controls(note.replace("\n", ""))


def test_a_note_of_the_limit_is_taken() -> None:
    assert parse_note(f"  {'😀' * NOTE_LIMIT}  ") == "😀" * NOTE_LIMIT


def test_a_longer_note_is_refused_with_both_numbers() -> None:
    with pytest.raises(Refusal) as caught:
        parse_note("x" * (NOTE_LIMIT + 1))
    assert caught.value.key is NoteProblem.LONG_NOTE
    assert caught.value.data == {"length": NOTE_LIMIT + 1, "limit": NOTE_LIMIT}


def test_a_name_of_several_lines_becomes_one() -> None:
    assert one_line(" Unit\r\n 12\t\u2028 B ") == "Unit 12 B"


@pytest.mark.parametrize("text", ["2024-123", "#2024-123", "24-08-0123", "LS-77"])
def test_a_call_number_as_a_community_shows_it_says_which_part_is_meant(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_call_number(text)
    assert caught.value.key is NoteProblem.CALL_NUMBER_AFTER_DASH


@pytest.mark.parametrize("text", ["-123", "12a", "123-", "a b-1"])
def test_anything_else_does_not(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_call_number(text)
    assert caught.value.key is NoteProblem.NO_CALL_NUMBER
