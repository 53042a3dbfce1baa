"""What the tables of all parts have in common."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, Table, event, text

from bot.storage.errors import UnusableDatabaseError
from bot.storage.failures import CHANGED_TABLES

# SQLite counts up only a column that is declared as INTEGER (SQLite, CREATE TABLE, ROWIDs).
COUNTED_ID = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()

LARGEST_ID = 2**63 - 1
"""The largest id that a column takes; in a button or form that was forged may be a larger one."""

_WHERE = "where"
COUNTER = "counter"
"""What a table's `info` has where the table is of one row that counts."""


def counter(name: str) -> Table:
    """Return a table that has one row from the start, id 1, whose value counts up from 0."""
    table = Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("value", BigInteger, nullable=False),
        info={COUNTER: True},
    )

    @event.listens_for(table, "after_create")
    def begin(_: Table, connection: Connection, **__: object) -> None:
        connection.execute(table.insert().values(id=1, value=0))

    return table


def counted(value: object) -> int:
    """Return a counter's value; raises `UnusableDatabaseError` where it is gone or no number."""
    if not isinstance(value, int):
        raise UnusableDatabaseError(CHANGED_TABLES)
    return value


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Return an index of only those rows for which the SQL in `where` is true."""
    # An index that knows it from the start would load the dialects of both engines.
    return Index(name, *columns, info={_WHERE: where})


def create_all(connection: Connection, tables: MetaData) -> None:
    """Make all tables; raises SQLAlchemy's `DBAPIError` where one is there already."""
    for table in tables.tables.values():
        for index in table.indexes:
            if _WHERE in index.info:
                options = index.dialect_options[connection.dialect.name]
                options["where"] = text(index.info[_WHERE])
    tables.create_all(connection, checkfirst=False)
