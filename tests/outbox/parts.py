"""The parts of an outbox, each as a test has it by itself."""

from __future__ import annotations

from bot.observer import Observer
from bot.outbox import Limits, OutboxRepository, WaitingNotes
from bot.outbox.cleanup import LEAST_KEPT_SECONDS
from bot.outbox.leases import Leases
from bot.outbox.rows import row_reader
from bot.outbox.work_queue import WorkQueue
from bot.storage import Database
from bot.timing import Timing


def repository_of(database: Database, owner: str) -> OutboxRepository:
    return OutboxRepository(database, owner, observer=Observer(), kept_seconds=LEAST_KEPT_SECONDS)


def leases_of(database: Database, owner: str, timing: Timing = Timing()) -> Leases:
    return Leases(database, owner, row_reader(), timing=timing)


def new_queue() -> WorkQueue:
    """Return a work queue of which all guilds' notes are sent, by the usual limits."""
    return WorkQueue(lambda _: WaitingNotes.SEND, limits=Limits(), ask_again=0.5)
