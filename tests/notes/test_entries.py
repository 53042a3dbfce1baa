"""A note's entry for the log channel and for the history fits and has no effects of its text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.interactions.markdown import CONTENT_LIMIT
from bot.notes.entry_texts import HISTORY_LIMIT, history_entry, log_entry, outcome_of
from bot.outbox import NoteState, failure_of
from bot.sandbox.discord.markdown import render
from bot.sonoran import CallNote, RefusedError
from tests.hostile_text import few, hostile_texts, long_hostile_texts, utf16_units
from tests.note_records import record

TEXTS = hostile_texts() | long_hostile_texts(4000)
LARGEST = 2**63 - 1
NOTE = CallNote(server_id=999_999_999, call_id=2**53 - 1, text="Suspect fled", label="Dana")
RECORD = record(
    id=LARGEST,
    position=LARGEST,
    guild_id=LARGEST,
    channel_id=LARGEST,
    message_id=LARGEST,
    member_id=LARGEST,
    member_name="Dana D-2",
    note=NOTE,
    state=NoteState.REFUSED,
    failure=failure_of(RefusedError("NO SUCH CALL", status=404)),
    accepted_at=1.7e9,
    round_started_at=1.7e9,
    updated_at=1.7e9,
    revision=3,
    shown=3,
)


@few
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(NoteState))
def test_an_entry_fits_and_shows_text_as_it_is(
    text: str, name: str, said: str, state: NoteState
) -> None:
    record = replace(
        RECORD,
        member_name=name,
        state=state,
        note=replace(NOTE, text=text),
        failure=failure_of(RefusedError(said, status=404)),
    )
    assert utf16_units(log_entry(record)) <= CONTENT_LIMIT
    without_link = log_entry(replace(record, message_id=None))
    assert render(without_link).features <= {"line break", "user mention"}
    entry = history_entry(record, with_text=True)
    assert utf16_units(entry) <= HISTORY_LIMIT
    assert render(entry).features <= {"timestamp", "user mention"}


def test_a_note_on_another_server_says_so() -> None:
    assert "call #9007199254740991 on CAD server 999999999 " in log_entry(RECORD)
    first = replace(RECORD, note=replace(NOTE, server_id=1))
    assert "server" not in log_entry(first)


def test_a_note_whose_message_is_not_known_has_no_link() -> None:
    assert "https://" in log_entry(RECORD)
    assert "https://" not in log_entry(replace(RECORD, message_id=None))


def test_the_cad_s_reason_stands_beside_the_outcome() -> None:
    assert "refused: NO SUCH CALL" in log_entry(RECORD)


def test_a_long_note_is_cut_in_the_history_with_a_sign() -> None:
    entry = history_entry(replace(RECORD, note=replace(NOTE, text="x" * 4000)), with_text=True)
    assert entry.endswith("x…")
    assert HISTORY_LIMIT - 10 < len(entry) <= HISTORY_LIMIT


@pytest.mark.parametrize(
    ("state", "uncertain", "outcome"),
    [
        (NoteState.ADDED, 0, "added"),
        (NoteState.REFUSED, 0, "refused"),
        (NoteState.FAILED, 0, "failed"),
        (NoteState.UNCONFIRMED, 1, "not confirmed"),
        (NoteState.CANCELLED, 0, "cancelled"),
        (NoteState.CANCELLED, 1, "cancelled, may have been added"),
        (NoteState.QUEUED, 0, "on its way"),
        (NoteState.CHECKING, 1, "on its way"),
    ],
)
def test_the_outcome_in_a_word(state: NoteState, uncertain: int, outcome: str) -> None:
    assert outcome_of(replace(RECORD, state=state, unconfirmed_sends=uncertain)) == outcome
