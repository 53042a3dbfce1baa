"""Cases that one test goes through, where a test for each would cost more than it proves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def case(name: object) -> Iterator[None]:
    """Name a case in whatever failure comes of it."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case: {name}")
        raise
