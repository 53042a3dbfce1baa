"""The UPDATE statement that stores a transition, if it may be made."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, String, bindparam, update

from bot.outbox.order import another_ahead
from bot.outbox.schema import notes
from bot.outbox.states import RETRY_SECONDS, TAKEN_UP, NoteState
from bot.storage import NOW, CompiledStatement


def transition_statement(
    origin: NoteState,
    target: NoteState,
    changed: Iterable[str],
    *,
    any_owner: bool,
) -> CompiledStatement:
    """Return the UPDATE, which changes and returns the row only if the transition may be made.

    With `any_owner`, the note may belong to any process. `changed` names the columns to set besides
    those that every transition does; each is a parameter. No other is named in the UPDATE, as
    SQLite writes anew every index of a column that is. Further parameters are `note`, `known` (the
    revision), `me` (the process), `community`, `server`, `call`, `place`, `target`, `open_sends`
    and `tries`.
    """
    return _statement(
        frozenset(changed),
        any_owner=any_owner,
        sending=target is NoteState.SENDING,
        taken_up=origin in TAKEN_UP and target.waiting,
    )


@functools.cache
def _statement(
    changed: frozenset[str], *, any_owner: bool, sending: bool, taken_up: bool
) -> CompiledStatement:
    columns = notes.c
    still = [
        columns.id == bindparam("note", type_=columns.id.type),
        columns.revision == bindparam("known", type_=Integer),
    ]
    if not any_owner:
        still.append(columns.owner == bindparam("me", type_=columns.owner.type))
    if taken_up:
        still.append(columns.updated_at > NOW - RETRY_SECONDS)
    if sending:
        still.append(~another_ahead())
    new: dict[str, Any] = {name: bindparam(name, type_=columns[name].type) for name in changed}
    if taken_up or "token" in changed:
        new["round_started_at"] = NOW  # by this a token is deleted, too
    return CompiledStatement(
        update(notes)
        .where(*still)
        .values(
            **new,
            state=bindparam("target", type_=columns.state.type),
            unconfirmed_sends=bindparam("open_sends", type_=Integer),
            attempts=bindparam("tries", type_=Integer),
            updated_at=NOW,
            revision=columns.revision + 1,
            settled=False,
            owner=bindparam("me", type_=String(32)),
        )
        .returning(*columns)
    )
