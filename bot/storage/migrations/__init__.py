"""The steps that bring a database's tables up to date, run by Alembic.

A new database gets the tables of the last revision at once (`bot.storage.upgrade`). It differs from
one that was migrated in what a revision must not rely on: the order of the columns, and the names
that PostgreSQL gave to primary keys and to NOT NULL constraints, as a table that was renamed keeps
them (`leases` has `processes_pkey` or `leases_pkey`). The names of indexes are the same in both.
"""

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
)
"""Every revision, the oldest first, so that a look at a database needs no Alembic."""

VERSION_TABLE = "callnote_schema"
"""The table in which a database keeps the revision of its tables."""
