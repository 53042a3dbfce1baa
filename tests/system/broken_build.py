"""Starts the bot with one deliberate fault, to show that tests which look for it find it.

python -m tests.system.broken_build retry_without_reading
python -m tests.system.broken_build send_before_write
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.__main__ import main
from bot.outbox import NoteRecord, NoteState, OutboxRepository, reconciler
from bot.outbox.matching import Verdict


def retry_without_reading() -> None:
    """Take every note without a usable answer for not stored, whatever the call list says."""

    def judge(*_: Any, **__: Any) -> tuple[Verdict, int]:
        return Verdict.NOT_THERE, 0

    reconciler.judge = judge  # type: ignore[attr-defined]


def send_before_write() -> None:
    """Store that a note is being sent only once the CAD has answered."""
    transition = OutboxRepository.transition
    unstored: set[tuple[int, int]] = set()

    async def late(
        store: OutboxRepository, record: NoteRecord, target: NoteState, **more: Any
    ) -> NoteRecord:
        if target is NoteState.SENDING:
            unstored.add((record.id, record.revision))
            return replace(record, state=NoteState.SENDING)
        if (record.id, record.revision) in unstored and record.state is NoteState.SENDING:
            unstored.discard((record.id, record.revision))
            record = await transition(
                store, replace(record, state=NoteState.QUEUED), NoteState.SENDING
            )
        return await transition(store, record, target, **more)

    OutboxRepository.transition = late  # type: ignore[assignment, method-assign]


FAULTS: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (retry_without_reading, send_before_write)
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
