"""One note as the outbox has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.outbox.states import NoteState
from bot.outbox.stored_failure import Failure
from bot.sonoran import CallNote

HOST = ""
"""The community in the host's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """A note that a member wants added, before it is in the outbox.

    `id` is the interaction's id, so that it has one row, whichever instance gets the interaction.
    `token` lets the owner of the row answer the interaction for 15 minutes (Discord API docs,
    Receiving and Responding to Interactions), and is None once it is deleted; it is left out of
    `repr`. `community` names the CAD community that it is for: the CAD's id of it, or `HOST`.
    `source_id` is Discord's message of which the note was made, None for one that was typed.
    """

    id: int
    community: str = HOST
    guild_id: int
    channel_id: int
    member_id: int
    member_name: str = field(repr=False)
    token: str | None = field(repr=False)
    note: CallNote
    source_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord(NewNote):
    """A row of the outbox; each field but `note` is a column of its name.

    `position` orders the notes as they were accepted, by all processes. `message_id` is Discord's
    message that shows the note, None before it is known. `failure` is why the note is not added, or
    not yet. `answer` is what its message says once it is added: the CAD's reply, or the same words
    for a note found in the call list. `unconfirmed_sends` counts the sends of which nobody knows
    whether they took effect; `recoveries` how often it was taken over from a process that ended
    without handing it over. Times are seconds since the epoch by the database's clock:
    `accepted_at` of the command, `round_started_at` of the present round of tries, `updated_at` of
    the last transition. `revision` grows with each; `shown` and `logged` are the revisions that
    Discord's message and the log channel have. `owner` is the process that has the note.
    """

    position: int
    state: NoteState
    owner: str | None
    accepted_at: float
    round_started_at: float
    updated_at: float
    message_id: int | None = None
    failure: Failure | None = None
    answer: str | None = field(default=None, repr=False)
    unconfirmed_sends: int = 0
    attempts: int = 0
    recoveries: int = 0
    revision: int = 1
    shown: int = 0
    logged: int = 0

    @property
    def call(self) -> tuple[int, int]:
        """The CAD server and call the note is for, within which notes keep their order."""
        return self.note.server_id, self.note.call_id


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is known once Discord has acknowledged a note's interaction.

    `message_id` is Discord's message that will show the note's status; `text` the text as sent,
    where it differs from that as typed.
    """

    message_id: int
    text: str | None = field(default=None, repr=False)
