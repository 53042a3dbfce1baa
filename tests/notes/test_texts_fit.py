"""Whatever is typed or answered, a note's message fits and has no effects, or has a copy."""

from __future__ import annotations

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.interactions.markdown import CONTENT_LIMIT
from bot.notes.buttons import buttons_for
from bot.notes.call_texts import NO_FACTS, CallFacts
from bot.notes.texts import content_of, text_to_attach
from bot.outbox import NoteState
from bot.sandbox.discord.markdown import render
from bot.sonoran import (
    CredentialsError,
    DispatchCall,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)
from tests.hostile_text import few, hostile_texts, long_hostile_texts, utf16_units
from tests.note_records import TOLD, said, with_outcome

LONG = " ".join(["Suspect fled north."] * 40)

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


@few
@given(st.sampled_from(TOLD), st.none() | _cad_errors, hostile_texts() | long_hostile_texts(4000))
@example(NoteState.REFUSED, RefusedError("*" * 65_536, status=404), "*" * 4000)
@example(NoteState.REFUSED, RefusedError("😀" * 65_536, status=404), "😀" * 4000)
@example(NoteState.FAILED, RateLimitedError("x" * 65_536, retry_after=1e308), "[" * 4000)
@example(NoteState.QUEUED, None, "[" * 4000)
@example(NoteState.QUEUED, None, "😀" * 1900)
def test_any_content_fits_and_has_no_effects(
    state: NoteState, error: SonoranError | None, note: str
) -> None:
    content = said(state, error, note)
    assert utf16_units(content) <= CONTENT_LIMIT
    assert len(content.splitlines()) <= 3
    assert render(content).features <= {"line break"}


@settings(max_examples=10)
@given(long_hostile_texts(65_536))
@example("*" * 65_536)
def test_any_answer_of_the_cad_fits_and_has_no_effects(answer: str) -> None:
    content = content_of(with_outcome(NoteState.ADDED, answer=answer))
    assert content is not None
    assert utf16_units(content) <= CONTENT_LIMIT
    assert render(content).features == frozenset()


@settings(max_examples=10)
@given(long_hostile_texts(3000), hostile_texts(), long_hostile_texts(300))
@example("*" * 3000, "# `x` <@1>\r\n\x1b", "😀" * 300)
def test_any_call_is_named_in_one_small_line_below(answer: str, title: str, address: str) -> None:
    call = DispatchCall(1, 5, title, "10-50", address, False, ())
    facts = CallFacts(call)
    content = content_of(with_outcome(NoteState.ADDED, answer=answer), facts=facts)
    assert content is not None
    assert utf16_units(content) <= CONTENT_LIMIT
    assert content.splitlines()[-1].startswith("-# 10-50")
    assert render(content).features <= {"line break", "subtext"}
    near = content_of(with_outcome(NoteState.REFUSED), facts=CallFacts(call, near=(call,) * 4))
    assert near is not None
    assert render(near).features <= {"line break"}
    view = buttons_for(with_outcome(NoteState.REFUSED), CallFacts(near=(call,) * 4))
    assert view is not None
    for button in view.children:
        assert isinstance(button, discord.ui.Button)
        assert 0 < utf16_units(button.label or "") <= 80


def test_a_ping_in_the_cads_words_is_shown_as_text() -> None:
    words = "@everyone <@1> **x** https://a.example"
    content = said(NoteState.REFUSED, RefusedError(words, status=422))
    assert render(content).text.splitlines()[0].endswith(words)


def test_a_note_of_ordinary_length_is_given_back_whole() -> None:
    error = RefusedError("x" * 65_536, status=404)
    assert LONG in said(NoteState.REFUSED, error, LONG)
    assert text_to_attach(with_outcome(NoteState.REFUSED, error, LONG), NO_FACTS) is None


@pytest.mark.parametrize("note", ["one\ntwo", "x" * 4000])
@pytest.mark.parametrize("state", [NoteState.REFUSED, NoteState.FAILED, NoteState.UNCONFIRMED])
def test_a_note_that_its_message_cannot_hold_comes_as_a_copy(state: NoteState, note: str) -> None:
    assert text_to_attach(with_outcome(state, None, note), NO_FACTS) == note


@pytest.mark.parametrize("state", [NoteState.QUEUED, NoteState.CHECKING, NoteState.ADDED])
def test_a_note_that_nobody_has_to_copy_comes_without_an_attachment(state: NoteState) -> None:
    assert text_to_attach(with_outcome(state, None, "one\ntwo"), NO_FACTS) is None
