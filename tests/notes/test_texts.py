"""Whatever becomes of a note is said in words of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from bot.notes.failure_texts import duration
from bot.notes.texts import content_of, repeated
from bot.outbox import FailureKind, NoteState, failure_of
from bot.sandbox.discord.markdown import render
from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)
from tests.note_records import TOLD, said, with_outcome

# One of each class.
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


def advice(error: SonoranError) -> str:
    return said(NoteState.REFUSED, error).splitlines()[1]


def test_every_kind_of_cad_error_is_tried_here() -> None:
    assert {type(error) for error in CAD_ERRORS} == family(SonoranError)
    assert {failure_of(error).kind for error in CAD_ERRORS} == set(FailureKind)


def test_every_state_that_is_told_has_words_of_its_own() -> None:
    assert len({said(state) for state in TOLD}) == len(TOLD)


@pytest.mark.parametrize("state", sorted(set(NoteState) - set(TOLD)))
def test_a_state_that_is_not_told_leaves_the_message_alone(state: NoteState) -> None:
    assert content_of(with_outcome(state)) is None


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (None, "waiting for its turn"),
        (NoEffectError(Reason.NO_CONNECTION), "Sonoran CAD is not answering; trying again"),
        (NoEffectError(Reason.WRONG_ADDRESS), "Sonoran CAD is not at its address; trying again"),
        (
            CredentialsError("error code: 1020", status=403, from_edge=True),
            "a firewall in front of Sonoran CAD turned Callnote away; trying again",
        ),
        (
            RateLimitedError("", retry_after=None),
            "Sonoran CAD gets too many requests; trying again",
        ),
        (
            OutcomeUnknownError(Reason.STOPPED),
            "Callnote was restarted and the note is not there; sending it again",
        ),
        (
            OutcomeUnknownError(Reason.SERVER_ERROR),
            "Sonoran CAD failed and does not have it; sending it again",
        ),
    ],
)
def test_a_queued_note_says_what_it_waits_for(cause: SonoranError | None, why: str) -> None:
    assert said(NoteState.QUEUED, cause) == (
        f"⏳ Queued for call #123: {why}.\nYour note: Suspect fled"
    )


@pytest.mark.parametrize(
    "problem",
    [
        NoEffectError(Reason.NO_CONNECTION),
        OutcomeUnknownError(Reason.SERVER_ERROR),
        OutcomeUnknownError(Reason.STOPPED),
    ],
)
def test_a_note_that_was_never_sent_says_why_no_note_can_be_sent(problem: SonoranError) -> None:
    content = content_of(with_outcome(NoteState.QUEUED), failure_of(problem))
    assert content is not None
    assert "⏳ Queued for call #123: Sonoran CAD is not answering; trying again." in content


def test_a_note_that_a_firewall_turned_away_says_nothing_of_the_api_key() -> None:
    cause = CredentialsError("error code: 1020", status=403, from_edge=True)
    given_up = content_of(with_outcome(NoteState.FAILED, cause)) or ""
    assert given_up.split("\n")[1] == (
        "Show this to an administrator. Then press Try again within a day, or copy it."
    )
    in_doubt = content_of(with_outcome(NoteState.UNCONFIRMED, cause, unconfirmed=1)) or ""
    assert in_doubt.split("\n")[1].startswith("An earlier attempt may have been added: ")


def test_an_added_note_is_the_cads_own_answer() -> None:
    content = content_of(with_outcome(NoteState.ADDED, answer="NOTE 'x' added to call #123"))
    assert content == "NOTE 'x' added to call #123"


@pytest.mark.parametrize("state", sorted(set(TOLD) - {NoteState.ADDED}))
def test_a_note_that_is_not_added_is_given_back(state: NoteState) -> None:
    assert said(state).splitlines()[-1] == "Your note: Suspect fled"


@pytest.mark.parametrize("state", TOLD)
def test_the_call_of_a_note_is_named(state: NoteState) -> None:
    assert "call #123" in said(state).splitlines()[0]


@pytest.mark.parametrize(
    ("state", "button"),
    [(NoteState.FAILED, "Try again"), (NoteState.UNCONFIRMED, "Check again")],
)
def test_a_note_that_was_given_up_names_what_to_press(state: NoteState, button: str) -> None:
    assert f"press {button}" in said(state).replace("Press", "press").splitlines()[1]


def test_a_note_cancelled_while_in_doubt_may_be_there() -> None:
    content = content_of(with_outcome(NoteState.CANCELLED, unconfirmed=1))
    assert content is not None
    assert "may have been added" in content
    assert "nothing was added" not in content


@pytest.mark.parametrize(
    ("error", "expected"),
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
@pytest.mark.parametrize("state", [NoteState.REFUSED, NoteState.FAILED, NoteState.UNCONFIRMED])
def test_the_cads_own_words_come_first(
    state: NoteState, error: SonoranError, expected: str
) -> None:
    assert said(state, error).splitlines()[0].endswith(f"call #123: {expected}")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RefusedError("INVALID REQUEST TYPE", status=400), "SONORAN_API_URL"),
        (RefusedError("CALL NOT FOUND", status=404), "Check the call number. If it is right"),
        (RefusedError("CALL NOT FOUND", status=400), "Check the call number. If it is right"),
        (RefusedError("BAD", status=400), "Check the call number and the note"),
        (RefusedError("BAD", status=422), "Show this to an administrator"),
        (CredentialsError("INVALID COMMUNITY ID", status=403), "SONORAN_COMMUNITY_ID"),
        (CredentialsError("API IS NOT ENABLED", status=403), "enable the community's API"),
        (CredentialsError("", status=402), "plan"),
        (CredentialsError("", status=403), "allow"),
        (CredentialsError("INVALID API KEY", status=401), "SONORAN_API_KEY"),
        (CredentialsError("NOTE 'NOT ENABLED'", status=401), "SONORAN_API_KEY"),
        (RefusedError("'INVALID REQUEST TYPE'", status=400), "Check the call number and the note"),
        (RefusedError("'NOT FOUND' IS NO NOTE", status=400), "Check the call number and the note"),
    ],
)
def test_the_advice_fits_what_the_cad_refused(error: SonoranError, expected: str) -> None:
    assert expected in render(advice(error)).text


@pytest.mark.parametrize("state", [NoteState.REFUSED, NoteState.UNCONFIRMED, NoteState.FAILED])
@pytest.mark.parametrize("text", ["INVALID API KEY", "INVALID COMMUNITY ID"])
def test_no_host_is_to_correct_an_api_key_that_an_administrator_entered(
    state: NoteState, text: str
) -> None:
    error = CredentialsError(text, status=401, retry_in=60.0)
    theirs = replace(with_outcome(state, error), community="paleto")
    assert "the present API key with /callnote-config connect" in (content_of(theirs) or "")
    assert "SONORAN" not in (content_of(theirs) or "")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    assert said(NoteState.FAILED, NoEffectError(reason)).splitlines()[0] != (
        "❌ Not added to call #123: "
    )


def test_a_repeated_note_is_asked_about_with_its_age() -> None:
    assert repeated(with_outcome(NoteState.HELD), 20.0) == (
        "You sent the same note to call #123 20 seconds ago, so this one was not added. Look at "
        "the first message."
    )


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
        (7200, "2 hours"),
        (72_500, "20 hours"),
        (86_401, "more than a day"),
        (1e308, "more than a day"),
    ],
)
def test_a_delay_is_told_in_a_unit_of_its_size(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_note_whose_earlier_try_may_be_there_is_never_said_not_to_be() -> None:
    cause = CredentialsError("INVALID API KEY", status=401)
    shown = content_of(with_outcome(NoteState.UNCONFIRMED, cause, unconfirmed=1)) or ""
    said, advice, note = shown.split("\n")
    assert said == "❓ Not confirmed for call #123: INVALID API KEY"
    assert "SONORAN\\_API\\_KEY is wrong" in advice
    assert "may have been added" in advice
    assert "Check again" in advice
    assert note.startswith("Your note: ")


def test_what_is_said_of_a_note_in_doubt_that_was_refused_invites_no_further_send() -> None:
    for cause in (
        RefusedError("BAD NOTE", status=400),
        CredentialsError("INVALID API KEY", status=401, remembered=True, retry_in=30.0),
    ):
        shown = content_of(with_outcome(NoteState.UNCONFIRMED, cause, unconfirmed=1)) or ""
        assert "try again" not in shown.lower()


def test_a_note_that_was_refused_and_is_not_there_is_not_said_to_be_unanswered() -> None:
    cause = RefusedError("BAD NOTE", status=400)
    shown = content_of(with_outcome(NoteState.QUEUED, cause), None) or ""
    assert shown.startswith(
        "⏳ Queued for call #123: Sonoran CAD does not have it; sending it again."
    )
