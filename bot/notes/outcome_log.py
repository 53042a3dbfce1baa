"""The log line for each note that reached a final state."""

from __future__ import annotations

import logging

from bot.outbox import Failure, NoteRecord, NoteState

_log = logging.getLogger("callnote")


def log_outcome(record: NoteRecord, *, shown: bool) -> None:
    """Log the outcome of a note.

    A failure comes with the CAD's own trace id, if it gave one. The milliseconds count from when
    the note was stored, by the database's clock.
    """
    failure = record.failure
    _log.log(
        logging.INFO if record.state is NoteState.ADDED else logging.WARNING,
        "guild=%d member=%d interaction=%d call=%d outcome=%s%s ms=%d tries=%d%s",
        record.guild_id,
        record.member_id,
        record.id,
        record.note.call_id,
        record.state,
        "" if shown else ", not shown",
        (record.updated_at - record.accepted_at) * 1000,
        record.attempts,
        _reason(failure) if failure is not None else "",
    )


def _reason(failure: Failure) -> str:
    reason = f" reason={failure.reason.name}" if failure.reason else ""
    status = f" status={failure.status}" if failure.status else ""
    trace = f" trace={failure.trace_id}" if failure.trace_id else ""
    return f" cause={failure.kind}{reason}{status}{trace}"
