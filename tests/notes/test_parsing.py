"""What a dispatcher typed becomes plain text for the CAD."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.interactions.errors import Refusal
from bot.interactions.markdown import one_line
from bot.notes.mentions import Names, mentioned_channels, mentioned_members, with_names
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
def test_any_text_is_a_call_number_in_range_or_refused(text: str) -> None:
    try:
        number = parse_call_number(text)
    except Refusal:
        return
    assert 1 <= number <= LARGEST_CALL


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


NAMES = Names(
    members={1: "Anna Meyer"},
    roles={1: "Dispatch", 2: "@everyone"},
    channels={1: "radio"},
)


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("ask <@1>", "ask @Anna Meyer"),
        ("ask <@!1>", "ask @Anna Meyer"),
        ("ask <@&1>", "ask @Dispatch"),
        ("ask <@&2>", "ask @everyone"),
        ("see <#1>", "see #radio"),
        ("ask <@9>", "ask @unknown"),
        ("ask <@&9>", "ask @unknown"),
        ("see <#9>", "see #unknown"),
        ("ok <:thumb:123>", "ok :thumb:"),
        ("ok <a:wave:123>", "ok :wave:"),
        ("<@1><@1>", "@Anna Meyer@Anna Meyer"),
        ("use </callnote:123>", "use /callnote"),
        ("use </callnote-config log-channel:123>", "use /callnote-config log-channel"),
        ("in <id:customize>", "in Channels & Roles"),
        ("in <id:browse>", "in Browse Channels"),
        ("in <id:guide>", "in Server Guide"),
        ("in <id:linked-roles:123>", "in Linked Roles"),
        ("in <id:new-page>", "in new page"),
        ("at <t:1618953630>", "at 2021-04-20 21:20 UTC"),
        ("at <t:1618953630:t>", "at 21:20 UTC"),
        ("at <t:1618953630:T>", "at 21:20:30 UTC"),
        ("on <t:1618953630:d>", "on 2021-04-20 UTC"),
        ("on <t:1618953630:D>", "on 2021-04-20 UTC"),
        ("at <t:1618953630:F>", "at 2021-04-20 21:20 UTC"),
        ("at <t:1618953630:R>", "at 2021-04-20 21:20 UTC"),
        ("at <t:-1>", "at 1969-12-31 23:59 UTC"),
    ],
)
def test_a_mention_code_becomes_a_name(note: str, shown: str) -> None:
    assert with_names(note, NAMES) == shown


@pytest.mark.parametrize(
    "note",
    [
        "<t:9999999999999>",
        "<t:>",
        "<t:1:tt>",
        "</:1>",
        "</a>",
        "<id:>",
        "<id:X>",
        "<@>",
        "<@1",
        "@1>",
        "<#x>",
        "<@ 1>",
        "<@١>",
        "< 3",
        "a <b> c",
        f"<@{'1' * 21}>",
    ],
)
def test_what_is_no_mention_code_is_kept(note: str) -> None:
    assert with_names(note, NAMES) == note


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(1618953630, "2021-04-20 16:20 CDT"), (1609459200, "2020-12-31 18:00 CST")],
)
def test_a_time_is_told_in_the_cads_zone(seconds: int, shown: str) -> None:
    assert with_names(f"<t:{seconds}>", NAMES, ZoneInfo("America/Chicago")) == shown


def test_channels_and_threads_are_each_listed_once_in_order() -> None:
    assert mentioned_channels("<#3> <@1> <#2> <#3> <t:4>") == [3, 2]


def test_a_name_that_looks_like_a_code_is_not_resolved_again() -> None:
    assert with_names("<@1>", Names(members={1: "<@2>", 2: "Eve"})) == "@<@2>"


def test_a_name_brings_no_line_break_or_override_into_a_note() -> None:
    assert with_names("<@1>", Names(members={1: "Eve\nNOTE\u202e x\0"})) == "@Eve NOTE x"


@few
@given(hostile_texts())
def test_names_never_bring_control_characters(name: str) -> None:
    names = Names(members={1: name}, roles={1: name}, channels={1: name})
    assert not has_controls(with_names("<@1> <@&1> <#1>", names))


def test_mentioned_members_are_each_listed_once_in_order() -> None:
    assert mentioned_members("<@3> <@!1> <@3> <@2> <@!2>") == [3, 1, 2]


def test_roles_channels_and_emojis_are_no_mentioned_members() -> None:
    assert mentioned_members("<@&3> <#1> <:abc:2>") == []


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
