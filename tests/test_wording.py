"""Whatever goes wrong is said in words of its own, within Discord's limit and without effects."""

from typing import TypeVar

import discord
import pytest
from discord import app_commands
from hypothesis import example, given
from hypothesis import strategies as st

from bot.literal import CONTENT_LIMIT
from bot.notes import NoteNotAddedError
from bot.refusals import (
    BlankNoteError,
    CallNumberError,
    ChannelNotTriedError,
    EveryoneRoleError,
    GuildNotReadyError,
    LongNoteError,
    ManagedRoleError,
    NoDispatcherRoleError,
    NoSuchServerError,
    NotAdministratorError,
    NotDispatcherError,
    NotDispatcherRoleError,
    NotInGuildError,
    Refusal,
    SettingNotSavedError,
    SettingsUnknownError,
    TooManyRolesError,
    UnwritableChannelError,
)
from bot.sonoran import (
    CallNote,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)
from bot.standins.discord_server.markdown import render
from bot.wording import duration, failure, forgotten
from tests.hostile_text import hostile_texts, long_hostile_texts, utf16_units

REFERENCE = "1a2b3c4d"

REFUSALS = [
    CallNumberError(),
    BlankNoteError(),
    LongNoteError(4321, 4000),
    NotInGuildError(),
    NoDispatcherRoleError(),
    NotDispatcherError(["Dispatch"]),
    SettingsUnknownError(),
    SettingNotSavedError(full=False),
    NotAdministratorError(),
    GuildNotReadyError(),
    EveryoneRoleError(),
    ManagedRoleError("Bot"),
    TooManyRolesError(25),
    NotDispatcherRoleError("Patrol"),
    NoSuchServerError(3, [(1, "Main")]),
    UnwritableChannelError("log", ["Send Messages"]),
    ChannelNotTriedError(),
]
# One of each class; their second line, the advice, must differ.
CAD_ERRORS: list[SonoranError] = [
    RefusedError("NO", status=422),
    CredentialsError("NO", status=401),
    RateLimitedError("NO", retry_after=30.0),
    NoEffectError(Reason.NO_CONNECTION),
    OutcomeUnknownError(Reason.NO_ANSWER),
]

_Class = TypeVar("_Class")


def family(root: type[_Class]) -> set[type[_Class]]:
    """Return every class of Callnote's own below the root."""
    below = {deeper for child in root.__subclasses__() for deeper in {child, *family(child)}}
    return {one for one in below if one.__module__.startswith("bot.")}


def not_added(error: SonoranError, note: str = "Suspect fled") -> str:
    call_note = CallNote(server_id=1, call_id=123, text=note, label="Anna")
    return failure(NoteNotAddedError(call_note, error), REFERENCE)


def advice(error: SonoranError) -> str:
    return not_added(error).splitlines()[1]


def test_every_kind_of_refusal_is_tried_here() -> None:
    assert {type(error) for error in REFUSALS} == family(Refusal)


def test_every_kind_of_cad_error_is_tried_here() -> None:
    assert {type(error) for error in CAD_ERRORS} == family(SonoranError)


def test_every_refusal_has_words_of_its_own() -> None:
    unknown = failure(Refusal(), REFERENCE)
    assert len({unknown, *(failure(error, REFERENCE) for error in REFUSALS)}) == len(REFUSALS) + 1


def test_every_cad_error_has_advice_of_its_own() -> None:
    assert len({advice(error) for error in CAD_ERRORS}) == len(CAD_ERRORS)


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_a_refusal_is_one_line_without_effects(error: Refusal) -> None:
    content = failure(error, REFERENCE)
    assert len(content.splitlines()) == 1
    assert render(content).features == frozenset()


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


@pytest.mark.parametrize("error", CAD_ERRORS, ids=lambda error: type(error).__name__)
def test_a_failed_note_is_given_back(error: SonoranError) -> None:
    assert not_added(error, "Suspect fled").splitlines()[2] == "Your note: Suspect fled"


@pytest.mark.parametrize("error", CAD_ERRORS, ids=lambda error: type(error).__name__)
def test_the_call_of_a_failed_note_is_named(error: SonoranError) -> None:
    assert "call #123: " in not_added(error).splitlines()[0]


@pytest.mark.parametrize("error", CAD_ERRORS, ids=lambda error: type(error).__name__)
def test_only_an_unknown_outcome_is_not_called_a_failure(error: SonoranError) -> None:
    state = "Not confirmed" if isinstance(error, OutcomeUnknownError) else "Not added"
    assert not_added(error).startswith(f"{state} ")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RefusedError("CALL NOT FOUND", status=404), "CALL NOT FOUND"),
        (RefusedError("", status=418), "status 418 without a text"),
        (CredentialsError("INVALID API KEY", status=401), "INVALID API KEY"),
        (RateLimitedError("SLOW DOWN", retry_after=1), "SLOW DOWN"),
        (RateLimitedError("", retry_after=1), "too many requests"),
        (NoEffectError(Reason.WRONG_ADDRESS, text="Backend"), "Backend"),
        (NoEffectError(Reason.NO_CONNECTION), "Sonoran CAD cannot be reached"),
        (OutcomeUnknownError(Reason.NO_ANSWER), "Sonoran CAD did not answer in time"),
        (OutcomeUnknownError(Reason.SERVER_ERROR, status=500, text="Oops"), "Oops"),
    ],
)
def test_the_cads_own_words_come_first(error: SonoranError, said: str) -> None:
    assert not_added(error).splitlines()[0].endswith(f"call #123: {said}")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RefusedError("INVALID REQUEST TYPE", status=400), "SONORAN_API_URL"),
        (RefusedError("CALL NOT FOUND", status=404), "Check the call number"),
        (RefusedError("BAD", status=400), "Check the call number and the note"),
        (RefusedError("BAD", status=422), "Show this to an administrator"),
        (CredentialsError("INVALID COMMUNITY ID", status=403), "SONORAN_COMMUNITY_ID"),
        (CredentialsError("API IS NOT ENABLED", status=403), "enable the API"),
        (CredentialsError("", status=402), "plan"),
        (CredentialsError("", status=403), "allow"),
        (CredentialsError("INVALID API KEY", status=401), "SONORAN_API_KEY"),
        (CredentialsError("", status=401, remembered=True, retry_in=61), "in 61 seconds"),
        (RateLimitedError("", retry_after=None), "in a minute"),
        (RateLimitedError("", retry_after=0.0), "in 1 second."),
        (RateLimitedError("", retry_after=30.0), "in 30 seconds."),
        (NoEffectError(Reason.NO_CONNECTION), "Nothing was sent: try again in a moment"),
        (
            NoEffectError(Reason.NO_ANSWER, retry_in=12.0),
            "Nothing was sent: try again in 12 seconds",
        ),
        (NoEffectError(Reason.WRONG_ADDRESS, text="Backend"), "SONORAN_API_VERSION"),
        (
            OutcomeUnknownError(Reason.UNCLEAR_REPLY),
            "check the call in the CAD before sending it again",
        ),
    ],
)
def test_the_advice_fits_what_happened(error: SonoranError, expected: str) -> None:
    assert expected in render(advice(error)).text


_cad_texts = hostile_texts() | long_hostile_texts(65_536)
_cad_errors = st.one_of(
    st.builds(RefusedError, _cad_texts, status=st.sampled_from([400, 404, 409, 422])),
    st.builds(
        CredentialsError,
        _cad_texts,
        status=st.sampled_from([401, 402, 403]),
        retry_in=st.floats(0, 1e9),
        remembered=st.booleans(),
    ),
    st.builds(
        RateLimitedError,
        _cad_texts,
        retry_after=st.none() | st.floats(0, allow_infinity=False),
    ),
    st.builds(NoEffectError, st.sampled_from(Reason), text=st.none() | _cad_texts),
    st.builds(OutcomeUnknownError, st.sampled_from(Reason), text=st.none() | _cad_texts),
)


@given(_cad_errors, hostile_texts() | long_hostile_texts(4000))
@example(RefusedError("*" * 65_536, status=404), "*" * 4000)
@example(RefusedError("😀" * 65_536, status=404), "😀" * 4000)
@example(RateLimitedError("x" * 65_536, retry_after=1e308), "[" * 4000)
def test_any_answer_of_the_cad_fits_and_has_no_effects(error: SonoranError, note: str) -> None:
    content = not_added(error, note)
    assert utf16_units(content) <= CONTENT_LIMIT
    assert len(content.splitlines()) == 3
    assert render(content).features == {"line break"}


def test_a_ping_in_the_cads_words_is_shown_as_text() -> None:
    said = "@everyone <@1> **x** https://a.example"
    content = not_added(RefusedError(said, status=422))
    assert render(content).text.splitlines()[0].endswith(said)


def test_a_note_of_ordinary_length_is_given_back_whole() -> None:
    note = " ".join(["Suspect fled north."] * 40)
    assert note in not_added(RefusedError("x" * 65_536, status=404), note)


def test_an_unexpected_error_is_answered_with_its_reference() -> None:
    content = failure(ValueError("internals"), REFERENCE)
    assert content.endswith(REFERENCE)
    assert "internals" not in content


def test_an_unexpected_error_asks_to_look_before_sending_again() -> None:
    assert "check the call in Sonoran CAD before" in failure(ValueError(), REFERENCE)


def test_an_outdated_command_asks_to_restart_discord() -> None:
    error = app_commands.CommandNotFound("callnote", [], discord.AppCommandType.chat_input)
    assert failure(error, REFERENCE).endswith("restart Discord and try again.")


def test_a_forgotten_command_asks_to_look_before_sending_again() -> None:
    assert "check the call in Sonoran CAD before" in forgotten(setting=False)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (0.2, "1 second"),
        (1.01, "2 seconds"),
        (119, "119 seconds"),
        (119.5, "2 minutes"),
        (121, "3 minutes"),
        (3600, "60 minutes"),
    ],
)
def test_a_delay_is_rounded_up(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    assert not_added(NoEffectError(reason)).splitlines()[0] != "Not added to call #123: "
