"""Whatever goes wrong is said in words of its own, within Discord's limit and without effects."""

from typing import TypeVar

import discord
import pytest
from discord import app_commands
from hypothesis import example, given
from hypothesis import strategies as st

from bot.interactions.errors import (
    BlankNoteError,
    CallNumberError,
    ChannelNotTriedError,
    ConnectionUnknownError,
    EveryoneRoleError,
    GuildNotReadyError,
    HistoryUnreadableError,
    LongNoteError,
    ManagedRoleError,
    NoDispatcherRoleError,
    NoSuchServerError,
    NotAdministratorError,
    NotConnectedError,
    NotDispatcherError,
    NotDispatcherRoleError,
    NoteGoneError,
    NoteMovedOnError,
    NoteTooOldError,
    NotInGuildError,
    NotMemberError,
    NotYourNoteError,
    OwnersUnknownError,
    Refusal,
    SettingNotSavedError,
    SettingsUnknownError,
    StorageDownError,
    TooManyRolesError,
    UnwritableChannelError,
    WaitingLimitError,
)
from bot.interactions.markdown import CONTENT_LIMIT
from bot.notes.failure_texts import failure
from bot.sandbox.discord.markdown import render
from tests.hostile_text import hostile_texts, utf16_units

REFERENCE = "1a2b3c4d"

REFUSALS = [
    CallNumberError(),
    CallNumberError(after_dash=True),
    BlankNoteError(),
    LongNoteError(4321, 4000),
    NotConnectedError(),
    NotMemberError(),
    ConnectionUnknownError(),
    OwnersUnknownError(),
    NotInGuildError(),
    NoDispatcherRoleError(),
    NotDispatcherError(["Dispatch"]),
    SettingsUnknownError(),
    SettingNotSavedError(full=False),
    NotAdministratorError(),
    GuildNotReadyError(),
    HistoryUnreadableError(),
    EveryoneRoleError(),
    ManagedRoleError("Bot"),
    TooManyRolesError(25),
    NotDispatcherRoleError("Patrol"),
    NoSuchServerError(3, [(1, "Main")]),
    UnwritableChannelError("log", ["Send Messages"]),
    ChannelNotTriedError(),
    StorageDownError(),
    StorageDownError(full=True),
    WaitingLimitError(1000),
    NoteGoneError(),
    NoteMovedOnError(),
    NoteTooOldError(),
    NotYourNoteError(),
]
_Class = TypeVar("_Class")


def family(root: type[_Class]) -> set[type[_Class]]:
    """Return every class of Callnote's own below the root."""
    below = {deeper for child in root.__subclasses__() for deeper in {child, *family(child)}}
    return {one for one in below if one.__module__.startswith("bot.")}


def test_every_kind_of_refusal_is_tried_here() -> None:
    assert {type(error) for error in REFUSALS} == family(Refusal)


def test_every_refusal_has_words_of_its_own() -> None:
    unknown = failure(Refusal(), REFERENCE)
    assert len({unknown, *(failure(error, REFERENCE) for error in REFUSALS)}) == len(REFUSALS) + 1


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_a_refusal_is_one_line_without_effects(error: Refusal) -> None:
    content = failure(error, REFERENCE)
    assert len(content.splitlines()) == 1
    assert render(content).features == frozenset()


def test_settings_that_are_not_known_are_told_to_an_administrator_without_a_word_of_notes() -> None:
    content = failure(SettingsUnknownError(), REFERENCE, setting=True)
    assert "Nothing changed" in content
    assert "sent" not in content
    assert "/callnote-config status" in render(content).text


def test_a_full_storage_is_called_full() -> None:
    content = failure(StorageDownError(full=True), REFERENCE)
    assert "Not added: Callnote's database is full" in content


def test_without_a_role_the_command_that_chooses_one_is_named() -> None:
    assert "/callnote-config roles" in render(failure(NoDispatcherRoleError(), REFERENCE)).text


def test_a_long_note_is_answered_with_both_numbers() -> None:
    assert "4,321 characters and may have 4,000" in failure(LongNoteError(4321, 4000), REFERENCE)


def test_a_member_is_told_which_roles_may_add_notes() -> None:
    content = failure(NotDispatcherError(["Dispatch", "Chief *"]), REFERENCE)
    assert render(content).text == "To add notes you need one of these roles: @Dispatch, @Chief *"


def test_without_role_names_a_member_is_told_whom_to_ask() -> None:
    assert "ask an administrator" in failure(NotDispatcherError([]), REFERENCE)


@given(st.lists(hostile_texts(8), max_size=100))
@example(["😀" * 100] * 250)
def test_role_names_have_no_effects_and_fit(roles: list[str]) -> None:
    content = failure(NotDispatcherError(roles), REFERENCE)
    assert render(content).features == frozenset()
    assert utf16_units(content) <= CONTENT_LIMIT


def test_an_unexpected_error_is_answered_with_its_reference() -> None:
    content = failure(ValueError("internals"), REFERENCE)
    assert content.endswith(REFERENCE)
    assert "internals" not in content


def test_an_unexpected_error_asks_to_look_before_sending_again() -> None:
    assert "Look at the call before you send the note again" in failure(ValueError(), REFERENCE)


def test_an_unexpected_error_in_a_setting_asks_to_look_at_the_status() -> None:
    content = failure(ValueError(), REFERENCE, setting=True)
    assert "/callnote-config status" in content
    assert content.endswith(REFERENCE)


def test_an_outdated_command_asks_to_restart_discord() -> None:
    error = app_commands.CommandNotFound("callnote", [], discord.AppCommandType.chat_input)
    assert failure(error, REFERENCE).endswith("restart Discord and try again.")
