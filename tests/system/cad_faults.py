"""The cells of the matrix of faults of the CAD, and notes that meet one of them."""

from __future__ import annotations

import pytest

from bot.sandbox.sonoran import Fault
from tests.note_messages import public
from tests.world import World

PAGE = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"


def cells(faults: dict[str, Fault], *, with_1: str) -> pytest.MarkDecorator:
    """Give one fault with version 1, where the note goes the same way, and the others with 2.

    What each version makes of a reply is a matter of `tests.sonoran`, which has many more: here is
    one of each kind that the connection or the outbox goes on from in its own way.
    """
    return pytest.mark.parametrize(
        ("version", "fault"),
        [(1 if name == with_1 else 2, fault) for name, fault in faults.items()],
        ids=[f"{name}-{1 if name == with_1 else 2}" for name in faults],
    )


async def sent_one_after_the_other(world: World, count: int = 2) -> list[str]:
    """Let the dispatcher add notes to one call; returns what their messages say in the end."""
    interactions = []
    for n in range(count):
        interactions.append(await world.use(f"note {n}"))
        await interactions[-1].acknowledged()
    messages = [await world.final(each) for each in interactions]
    assert public(world) == messages
    return [message.content for message in messages]


def added(count: int = 2) -> list[str]:
    return [f"NOTE 'note {n}' added to call #123" for n in range(count)]
