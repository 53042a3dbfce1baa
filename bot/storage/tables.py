"""What the tables of all parts have in common."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

# SQLite counts up only a column that is declared as INTEGER (SQLite, CREATE TABLE, ROWIDs).
COUNTED_ID = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()
