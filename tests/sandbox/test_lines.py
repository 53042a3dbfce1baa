"""What is typed in the sandbox is understood, or the person is told how to type it."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.discord.errors import JSON
from bot.sandbox.lines import (
    WORDS,
    Asked,
    Choose,
    Fill,
    LineError,
    Press,
    TypeOption,
    UseCommand,
    Word,
)
from bot.sandbox.lines import parse as parse_with
from tests.cases import cases
from tests.hostile_text import hostile_texts, some

COMMANDS: dict[str, list[JSON]] = {
    "callnote": [{"name": "call", "required": True}, {"name": "note", "required": True}],
    "callnote-config roles": [],
    "callnote-config roles-add": [{"name": "role", "required": True}],
    "callnote-config history": [{"name": "call"}, {"name": "member"}],
}
"""Some registered commands."""


def parse(line: str) -> Asked | None:
    return parse_with(line, COMMANDS)


def options(line: str) -> Mapping[str, str]:
    parsed = parse(line)
    assert isinstance(parsed, UseCommand)
    return parsed.options


@cases("line", ["", "  ", "\n", "\t", "# a comment", "  # indented", "#", "# "])
def test_an_empty_line_or_comment_asks_for_nothing(line: str) -> None:
    assert parse(line) is None


@cases(
    "line",
    [
        "/callnote call:123 note:Suspect fled",
        "  /callnote  call:123   note:Suspect fled \n",
        "\ufeff/callnote call:123 note:Suspect fled\r\n",
        "/callnote call: 123 note: Suspect fled",
        "/callnote note:Suspect fled call:123",
    ],
)
def test_both_options_are_read_in_either_order(line: str) -> None:
    assert parse(line) == UseCommand(
        "dispatcher", "callnote", {"call": "123", "note": "Suspect fled"}
    )


def test_the_call_is_passed_on_as_typed() -> None:
    assert options("/callnote call:#12 x note:a")["call"] == "#12 x"


def test_a_note_may_name_an_option() -> None:
    assert options("/callnote call:1 note:see call:2 note:3") == {
        "call": "1",
        "note": "see call:2 note:3",
    }


def test_a_backslash_and_n_in_a_note_are_a_line_break() -> None:
    assert options("/callnote call:1 note:a\\nb")["note"] == "a\nb"


def test_another_person_may_use_the_command() -> None:
    assert parse("as Bystander /callnote call:1 note:a") == UseCommand(
        "bystander", "callnote", {"call": "1", "note": "a"}
    )


@cases(
    ("line", "asked"),
    [
        ("as admin /callnote-config roles", UseCommand("admin", "callnote-config roles")),
        (
            "as admin /callnote-config  roles-add  role: Night shift ",
            UseCommand("admin", "callnote-config roles-add", {"role": "Night shift"}),
        ),
        (
            "as admin /callnote-config history member:dispatcher call:#123",
            UseCommand(
                "admin", "callnote-config history", {"member": "dispatcher", "call": "#123"}
            ),
        ),
        ("choose Dispatcher, Night shift", Choose(("Dispatcher", "Night shift"))),
        ("choose", Choose(())),
        ("press Try again", Press("Try again")),
        ("fill a-key, paleto", Fill(("a-key", "paleto"))),
        ("fill , paleto", Fill(("", "paleto"))),
        ("as Admin press Cancel", Press("Cancel", "admin")),
    ],
)
def test_what_administrators_do_is_understood(
    line: str, asked: UseCommand | Choose | Press | Fill
) -> None:
    assert parse(line) == asked


@cases("line", ["/callnote-config", "/callnote-config upside-down"])
def test_a_missing_sub_command_is_answered_with_those_there_are(line: str) -> None:
    with pytest.raises(LineError, match="/callnote-config roles, /callnote-config roles-add"):
        parse(line)


@cases(
    ("line", "wanted"),
    [
        ("/callnote-config roles-add Civilian", "/callnote-config roles-add role:…"),
        ("/callnote-config roles now", "/callnote-config roles"),
        ("/callnote-config history call:", "/callnote-config history [call:…] [member:…]"),
    ],
)
def test_options_that_do_not_fit_are_answered_with_those_there_are(line: str, wanted: str) -> None:
    with pytest.raises(LineError, match=f": {re.escape(wanted)}$"):
        parse(line)


@cases("name", WORDS)
def test_a_word_is_understood_in_any_case(name: str) -> None:
    assert parse(f" {name.upper()} ") == Word(name)


def test_a_words_argument_is_read_in_lower_case() -> None:
    assert parse("cad  Slow Down ") == Word("cad", "slow down")


@cases(
    "line",
    [
        "/callnote",
        "/callnote 123 hello",
        "/callnote call:1",
        "/callnote note:a",
        "/callnote call: note:a",
        "/callnote call:1 note:",
        "/callnote call:1 note:   ",
        "/callnote call:1note:a",
    ],
)
def test_a_command_without_both_options_is_answered_with_an_example(line: str) -> None:
    with pytest.raises(LineError, match="/callnote call:… note:…"):
        parse(line)


@cases("line", ["/note call:1 note:a", "/", "/callnotes call:1 note:a", "/callnote-configs roles"])
def test_another_command_is_answered_with_the_right_one(line: str) -> None:
    with pytest.raises(LineError, match="The command here is /callnote"):
        parse(line)


@cases("line", ["hello", "helpme", "as", "as x", "#5", "quit!", "callnote x"])
def test_an_unknown_word_is_answered_with_where_to_look(line: str) -> None:
    with pytest.raises(LineError, match="type help"):
        parse(line)


def test_a_person_without_a_command_is_answered_with_what_is_missing() -> None:
    with pytest.raises(LineError, match="comes a command"):
        parse("as bystander hello")


@some
@given(
    hostile_texts()
    | st.sampled_from(["/callnote ", "as x "]).flatmap(
        lambda start: hostile_texts().map(lambda text: f"{start}call:{text} note:{text}")
    )
)
def test_any_line_is_understood_or_answered_in_one_sentence(line: str) -> None:
    try:
        parse(line)
    except LineError as error:
        answer = str(error)
    else:
        return
    assert len(answer.splitlines()) == 1


@cases(
    ("line", "person", "focused", "typed"),
    [
        ("type /callnote call:vine", "dispatcher", "call", {"call": "vine"}),
        ("type /callnote call:", "dispatcher", "call", {"call": ""}),
        ("type /callnote note:Hi call: x y ", "dispatcher", "call", {"note": "Hi", "call": "x y"}),
        ("as Admin type /callnote-config history call:1", "admin", "call", {"call": "1"}),
    ],
)
def test_typing_is_into_the_last_option(
    line: str, person: str, focused: str, typed: dict[str, str]
) -> None:
    asked = parse(line)
    assert isinstance(asked, TypeOption)
    assert (asked.person, asked.focused, asked.options) == (person, focused, typed)


@cases("line", ["type", "type hello", "type /callnote", "type /callnote vine"])
def test_whoever_types_nothing_is_told_how(line: str) -> None:
    with pytest.raises(LineError):
        parse(line)
