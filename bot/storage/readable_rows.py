"""Reads rows one by one, so that one that cannot be read is in no other's way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from types import NoneType
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Integer

_KINDS: dict[type, tuple[type, ...]] = {str: (str,), float: (int, float)}

_Record = TypeVar("_Record")

_log = logging.getLogger(__name__)


class ReadableRows(Generic[_Record]):
    """Reads rows of `columns` with `read_row`, and sets aside those that cannot be read.

    Such a row may be of a newer version of Callnote, or damaged. It stays as it is, and the others
    go on. `name` is what the log calls one; its id is in the column `key`. `read_row` is given the
    values of a row that its columns can have, and raises `TypeError` or `ValueError` for others.
    """

    def __init__(
        self,
        name: str,
        columns: Iterable[Column[Any]],
        key: Column[Any],
        read_row: Callable[[Sequence[Any]], _Record],
    ) -> None:
        columns = tuple(columns)
        self.unreadable: set[object] = set()
        """The ids of the rows that were set aside."""
        self._name = name
        self._key = columns.index(key)
        self._read_row = read_row
        # Each column's name, the types of its values, and the number that none of them reaches,
        # positive or negative.
        self._types = [
            (
                each.name,
                _KINDS.get(each.type.python_type, (int, bool)) + (NoneType,) * bool(each.nullable),
                2**31 if type(each.type) is Integer else 2**63,
            )
            for each in columns
        ]

    def read(self, rows: Iterable[Sequence[Any]]) -> list[_Record]:
        """Return the rows that can be read, as records; each has all of `columns`."""
        records = []
        for row in rows:
            try:
                self._check(row)
                records.append(self._read_row(row))
            except (TypeError, ValueError) as error:
                found = row[self._key]
                if found not in self.unreadable:
                    row_of = f"{self._name} {found!r}"
                    _log.error("the row of %s is set aside, it cannot be read: %s", row_of, error)
                self.unreadable.add(found)
        return records

    def _check(self, row: Sequence[Any]) -> None:
        """Raise `TypeError` or `ValueError` for a value that its column cannot have.

        A SQLite file may have one all the same, as its rows have no checksum, and any column stores
        any type; see `SqliteConnector.connect` for its texts.
        """
        for (name, kinds, bound), value in zip(self._types, row, strict=True):
            if type(value) not in kinds:
                raise TypeError(f"its {name} is of another type")
            if isinstance(value, str):
                value.encode()
            elif value is not None and not abs(value) < bound:  # as of what is no number, too
                raise ValueError(f"its {name} is out of range")
