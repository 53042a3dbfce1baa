"""The states of a note: what the drawing, the table and the code allow."""

from __future__ import annotations

import re

import pytest

from bot.outbox import NoteState, states
from bot.outbox.states import (
    TAKEN_UP,
    TRANSITIONS,
    WAITING,
    InvalidTransitionError,
    check_transition,
)

DRAWN = {
    (NoteState.RECEIVED, NoteState.QUEUED),
    (NoteState.RECEIVED, NoteState.SENDING),
    (NoteState.QUEUED, NoteState.SENDING),
    (NoteState.QUEUED, NoteState.FAILED),
    (NoteState.QUEUED, NoteState.UNCONFIRMED),
    (NoteState.QUEUED, NoteState.CANCELLED),
    (NoteState.SENDING, NoteState.ADDED),
    (NoteState.SENDING, NoteState.REFUSED),
    (NoteState.SENDING, NoteState.FAILED),
    (NoteState.SENDING, NoteState.QUEUED),
    (NoteState.SENDING, NoteState.CHECKING),
    (NoteState.SENDING, NoteState.UNCONFIRMED),
    (NoteState.CHECKING, NoteState.ADDED),
    (NoteState.CHECKING, NoteState.CANCELLED),
    (NoteState.CHECKING, NoteState.QUEUED),
    (NoteState.CHECKING, NoteState.UNCONFIRMED),
    (NoteState.UNCONFIRMED, NoteState.CHECKING),
    (NoteState.UNCONFIRMED, NoteState.QUEUED),
    (NoteState.UNCONFIRMED, NoteState.CANCELLED),
    (NoteState.FAILED, NoteState.QUEUED),
    (NoteState.REFUSED, NoteState.QUEUED),
}
"""The arrows of the drawing, read off it by hand."""


def test_the_table_has_the_arrows_of_the_drawing_and_no_others() -> None:
    assert {(origin, target) for origin in TRANSITIONS for target in TRANSITIONS[origin]} == DRAWN


def test_the_drawing_names_every_state() -> None:
    drawing = (states.__doc__ or "").split("\n\n")[1]
    assert set(re.findall(r"\b[A-Z]{4,}\b", drawing)) == {state.name for state in NoteState}


def test_a_drawn_transition_is_allowed() -> None:
    for origin, target in DRAWN:
        check_transition(origin, target)


@pytest.mark.parametrize("origin", NoteState)
def test_a_transition_that_is_not_drawn_raises(origin: NoteState) -> None:
    for target in NoteState:
        if (origin, target) not in DRAWN:
            with pytest.raises(InvalidTransitionError, match=f"from {origin} to {target}"):
                check_transition(origin, target)


def test_every_state_can_be_reached_from_the_two_that_a_command_begins_with() -> None:
    reached = {NoteState.HELD, NoteState.RECEIVED}
    while more := {target for state in reached for target in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(NoteState)


def test_a_waiting_note_can_come_to_an_end_and_one_that_is_final_is_not_waiting() -> None:
    for state in NoteState:
        assert not (state.final and state.waiting)
        reached = {state}
        while more := {target for each in reached for target in TRANSITIONS[each]} - reached:
            reached |= more
        assert not state.waiting or any(each.final for each in reached)


def test_only_a_held_note_is_neither_waiting_nor_final() -> None:
    assert [s for s in NoteState if not s.final and not s.waiting] == [NoteState.HELD]


def test_only_notes_that_were_given_up_or_refused_can_be_taken_up_again() -> None:
    ended = [state for state in NoteState if state.final]
    assert {state for state in ended if TRANSITIONS[state]} == TAKEN_UP
    assert {
        NoteState.REFUSED,
        NoteState.FAILED,
        NoteState.UNCONFIRMED,
    } == TAKEN_UP


def test_a_note_is_only_sent_when_it_is_certainly_not_under_way() -> None:
    assert {state for state in NoteState if NoteState.SENDING in TRANSITIONS[state]} == {
        NoteState.RECEIVED,
        NoteState.QUEUED,
    }
    in_doubt = {NoteState.CHECKING, NoteState.UNCONFIRMED}
    assert all(NoteState.FAILED not in TRANSITIONS[state] for state in in_doubt)


def test_nobody_can_change_the_table() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[NoteState.ADDED] = frozenset(WAITING)  # type: ignore[index]
