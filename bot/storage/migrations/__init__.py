"""The steps that bring a database's tables up to date, run by Alembic."""

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
