"""Whatever is refused is said in words of its own, within Discord's limit and without effects."""

from __future__ import annotations

import ast
import inspect
import string
from enum import StrEnum
from pathlib import Path

import discord
import pytest
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.app.services import TEXTS
from bot.calls.problems import CardProblem
from bot.communities.problems import ConnectionProblem, CredentialsProblem
from bot.interactions.errors import InteractionProblem
from bot.interactions.handler import InteractionHandler
from bot.interactions.markdown import CONTENT_LIMIT
from bot.interactions.texts import worded
from bot.notes.problems import NoteProblem
from bot.outbox import Failure, FailureKind
from bot.sandbox.discord.markdown import render
from bot.settings.problems import SettingProblem
from bot.timing import Timing
from tests.hostile_text import few, hostile_texts, utf16_units

REFERENCE = "1a2b3c4d"
PROBLEMS = [
    InteractionProblem,
    ConnectionProblem,
    CredentialsProblem,
    SettingProblem,
    CardProblem,
    NoteProblem,
]
KEYS: list[StrEnum] = [key for problems in PROBLEMS for key in problems]
NUMBERS = ("length", "limit", "number")
HANDLER = InteractionHandler(refusal=lambda _: None, texts=TEXTS, timing=Timing())


def parameters(key: StrEnum) -> list[str]:
    """Return the names of what a key's sentence is about."""
    text = TEXTS[key]
    if isinstance(text, str):
        return [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return list(inspect.signature(text).parameters)


def example_of(key: StrEnum, name: str = "Patrol", count: int = 1) -> str:
    """Return a key's sentence about things that are called `name`, lists of `count` of them."""
    values: dict[str, object] = {"servers": dict.fromkeys(range(count), name)}
    values["failure"] = Failure(FailureKind.CREDENTIALS, text=name, status=401, retry_in=60.0)
    values |= dict.fromkeys(NUMBERS, 10**9) | dict.fromkeys(("roles", "missing"), [name] * count)
    return worded(TEXTS, key, **{each: values.get(each, name) for each in parameters(key)})


def test_every_key_has_a_text_and_every_text_a_key() -> None:
    declared = {each for each in StrEnum.__subclasses__() if each.__name__.endswith("Problem")}
    assert declared == set(PROBLEMS)
    assert sorted(TEXTS) == sorted(KEYS)  # so that no two features have the same key, either


def test_every_refusal_has_words_of_its_own() -> None:
    assert len({example_of(key) for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_refusal_is_one_line_without_effects_that_fits(key: StrEnum) -> None:
    check(example_of(key, "😀" * 100, count=250))


@few
@given(key=st.sampled_from([key for key in KEYS if parameters(key)]), name=hostile_texts(8))
def test_no_name_in_a_refusal_has_effects(key: StrEnum, name: str) -> None:
    check(example_of(key, name, count=100))


def check(content: str) -> None:
    assert len(content.splitlines()) == 1
    assert render(content).features == frozenset()
    assert utf16_units(content) <= CONTENT_LIMIT


def test_every_refusal_has_the_data_that_its_sentence_is_about() -> None:
    found = 0
    for folder in (Path(bot.__file__).parent, Path(bot.__file__).parents[1] / "cogs"):
        for path in folder.rglob("*.py"):
            text = path.read_text("utf-8")
            for call in ast.walk(ast.parse(text)) if "Refusal(" in text else ():
                match call:
                    case ast.Call(func=ast.Name("Refusal"), args=[ast.Attribute(attr=member)]):
                        (key,) = [each for each in KEYS if each.name == member]
                        named = [keyword.arg for keyword in call.keywords]
                        assert sorted(map(str, named)) == sorted(parameters(key)), path
                        found += 1
    assert found > 20


def test_settings_that_are_not_known_are_told_to_an_administrator_without_a_word_of_notes() -> None:
    content = example_of(SettingProblem.SETTINGS_UNKNOWN)
    assert "Nothing changed" in content
    assert "sent" not in content
    assert "/callnote-config status" in render(content).text


def test_a_long_note_is_answered_with_both_numbers() -> None:
    content = worded(TEXTS, NoteProblem.LONG_NOTE, length=4321, limit=4000)
    assert "4,321 characters and may have 4,000" in content


def test_a_member_is_told_which_roles_may_add_notes() -> None:
    content = worded(TEXTS, SettingProblem.NOT_DISPATCHER, roles=["Dispatch", "Chief *"])
    assert render(content).text == "To add notes you need one of these roles: @Dispatch, @Chief *"


def test_an_unexpected_error_is_answered_with_its_reference() -> None:
    content = HANDLER.words_for(ValueError("internals"), REFERENCE)
    assert "Look at the call before you send the note again" in content
    assert content.endswith(REFERENCE)
    assert "internals" not in content


def test_an_unexpected_error_in_a_setting_asks_to_look_at_the_status() -> None:
    content = HANDLER.words_for(ValueError(), REFERENCE, setting=True)
    assert "/callnote-config status" in content
    assert content.endswith(REFERENCE)


def test_an_outdated_command_asks_to_restart_discord() -> None:
    error = app_commands.CommandNotFound("callnote", [], discord.AppCommandType.chat_input)
    assert HANDLER.words_for(error, REFERENCE).endswith("restart Discord and try again.")
