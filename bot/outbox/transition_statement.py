"""The UPDATE statement that stores a transition, if it may be made."""

from __future__ import annotations

import functools

from sqlalchemy import Boolean, Integer, String, bindparam, case, func, update

from bot.outbox.order import another_ahead
from bot.outbox.schema import notes
from bot.outbox.states import RETRY_SECONDS, TAKEN_UP, NoteState
from bot.storage import NOW, CompiledStatement


def transition_statement(
    origin: NoteState, target: NoteState, *, any_owner: bool
) -> CompiledStatement:
    """Return the UPDATE, which changes and returns the row only if the transition may be made.

    With `any_owner`, the note may belong to any process. Its parameters are `note`, `known` (the
    revision), `me` (the process), `community`, `server`, `call`, `target`, `place`, `open_sends`,
    `tries`, `failure`, `answer`; and `message_id`, `text` and `call_id` where these change, else
    None. `token` goes with a `message_id` unless `same_token` is true.
    """
    taken_up = origin in TAKEN_UP and target.waiting
    return _statement(
        any_owner=any_owner,
        sending=target is NoteState.SENDING,
        taken_up=taken_up,
    )


@functools.cache
def _statement(*, any_owner: bool, sending: bool, taken_up: bool) -> CompiledStatement:
    columns = notes.c
    message = bindparam("message_id", None, columns.message_id.type)
    same_token = message.is_(None) | bindparam("same_token", False, Boolean)
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
    return CompiledStatement(
        update(notes)
        .where(*still)
        .values(
            state=bindparam("target", type_=columns.state.type),
            failure=bindparam("failure", None, columns.failure.type),
            answer=bindparam("answer", None, columns.answer.type),
            unconfirmed_sends=bindparam("open_sends", type_=Integer),
            attempts=bindparam("tries", type_=Integer),
            position=bindparam("place", type_=columns.position.type),
            message_id=func.coalesce(message, columns.message_id),
            token=case(
                (same_token, columns.token),
                else_=bindparam("token", None, columns.token.type),
            ),
            call_id=func.coalesce(
                bindparam("call_id", None, columns.call_id.type), columns.call_id
            ),
            text=func.coalesce(bindparam("text", None, columns.text.type), columns.text),
            # By this a token is deleted, too.
            round_started_at=(
                NOW if taken_up else case((same_token, columns.round_started_at), else_=NOW)
            ),
            updated_at=NOW,
            revision=columns.revision + 1,
            settled=False,
            owner=bindparam("me", type_=String(32)),
        )
        .returning(*columns)
    )
