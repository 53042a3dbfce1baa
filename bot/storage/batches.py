"""Deletes rows in batches, so that no transaction keeps notes waiting."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Table,
    case,
    delete,
    select,
    true,
    tuple_,
)

BATCH = 100
"""How many rows are deleted in one transaction, so that a note never waits long for it."""


def batch_of(table: Table, condition: ColumnElement[bool]) -> Delete:
    """Return the statement that deletes at most `BATCH` rows that meet a condition."""
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(condition).limit(BATCH)
    # Asked again of each row, as a button may just have taken a note up again; and so that no index
    # serves, by which SQLite would look at all rows that meet it.
    return delete(table).where(key.in_(some), case((condition, true())))


def delete_batch(connection: Connection, batch: Delete) -> int:
    """Delete a batch; returns how many rows."""
    return connection.execute(batch).rowcount
