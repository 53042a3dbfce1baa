"""Cases that one test goes through, where an item each would take longer than the proof."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def case(*what: object) -> Iterator[None]:
    """Let a failure in the block name the case that it is about."""
    try:
        yield
    except BaseException as error:  # pytest's own failures are no `Exception`
        error.add_note(f"in the case of {', '.join(map(repr, what)):.500}")
        raise


def cases(
    names: str | tuple[str, ...], values: Iterable[Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let one test go through what `pytest.mark.parametrize` would make a test each of.

    Fixtures are the same in all cases, so it is for pure functions and for what leaves no trace.
    The first case that fails ends the test, and is named.
    """
    named = (names,) if isinstance(names, str) else names
    rows = [(each,) if isinstance(names, str) else each for each in values]
    chosen = [dict(zip(named, row, strict=True)) for row in rows]
    assert chosen, "a test without cases proves nothing"

    def going_through(test: Callable[..., Any]) -> Any:
        @functools.wraps(test)
        def through(*args: object, **given: object) -> None:
            for each in chosen:
                with case(each):
                    test(*args, **given, **each)

        @functools.wraps(test)
        async def through_async(*args: object, **given: object) -> None:
            for each in chosen:
                with case(each):
                    await test(*args, **given, **each)

        signature = inspect.signature(test)
        fixtures = [each for each in signature.parameters.values() if each.name not in named]
        made: Any = through_async if inspect.iscoroutinefunction(test) else through
        made.__signature__ = signature.replace(parameters=fixtures)
        return made

    return going_through
