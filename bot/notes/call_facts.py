"""What the live calls tell of the call that a note is for."""

from __future__ import annotations

from collections.abc import Callable

from bot.calls.live_calls import LiveCalls, LiveList
from bot.notes.call_texts import NO_FACTS, CallFacts
from bot.outbox import Failure, FailureKind, NoteRecord, NoteState

_OTHERS = ("SERVER", "INVALID REQUEST TYPE")  # how refusals begin that are of no call's number


async def facts_of(
    record: NoteRecord, live_calls: LiveCalls, connected: Callable[[NoteRecord], bool]
) -> CallFacts:
    """Return what is told about a note's call, below the CAD's own words.

    Of an added note's call as far as it is known; of a refused one's, live calls are read for it.
    Nothing while its guild is not `connected` to its community, as a note may be shown much later.
    """
    if not connected(record):
        return NO_FACTS
    community, server_id = record.community, record.note.server_id
    if record.state is NoteState.ADDED:
        return _facts(record, live_calls.known(community, server_id))
    if record.state is NoteState.REFUSED and _may_be_another_call(record.failure):
        return _facts(record, await live_calls.lately(community, server_id))
    return NO_FACTS


def _facts(record: NoteRecord, calls: LiveList | None) -> CallFacts:
    if calls is None:
        return NO_FACTS
    call_id = record.note.call_id
    call = calls.find(call_id)
    if record.state is NoteState.ADDED or (call is not None and not call.closed):
        return CallFacts(call)
    return CallFacts(call, calls.is_emergency_alone(call_id), near=tuple(calls.index.near(call_id)))


def _may_be_another_call(failure: Failure | None) -> bool:
    """Whether the CAD may have refused a note as its call does not exist or takes none."""
    if failure is None or failure.kind is not FailureKind.REFUSED:
        return False
    return failure.status in (400, 404) and not failure.text.upper().startswith(_OTHERS)
