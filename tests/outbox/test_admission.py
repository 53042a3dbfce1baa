"""How many notes are taken at once."""

from __future__ import annotations

import contextlib

import pytest

from bot.outbox.admission import FEW, Admission
from bot.outbox.errors import TooBusyError


def test_sends_wait_only_while_many_notes_are_taken() -> None:
    admission = Admission(100)
    with contextlib.ExitStack() as many:
        for _ in range(FEW):
            many.enter_context(admission.admit())
        assert admission.calm.is_set()
        with admission.admit():
            assert not admission.calm.is_set()
        assert admission.calm.is_set()


def test_one_note_more_than_may_be_taken_is_not_and_counts_for_nothing() -> None:
    admission = Admission(1)
    with admission.admit():
        for _ in range(2):
            with pytest.raises(TooBusyError), admission.admit():
                raise AssertionError("it was admitted")
    with admission.admit():
        pass
