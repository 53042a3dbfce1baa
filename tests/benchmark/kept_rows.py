"""The rows about a database in which much is kept."""

from __future__ import annotations

from tests.benchmark.figures import Row, Size


def kept_rows(size: Size) -> tuple[Row, ...]:
    return ()
