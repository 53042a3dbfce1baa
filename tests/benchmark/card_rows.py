"""The row about calls' cards in channels: what keeping them up to date costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from bot.calls.card_texts import KEEP
from tests.benchmark.figures import Bench, Figure, Row, Size
from tests.benchmark.place import Place
from tests.benchmark.processes import Process, Subject

CARDS = 10
"""How many cards a guild may keep."""

SHARE = 5
"""For how many times `Size.idle` the calls stay as they are, and then change: at least a read."""

_QUIET, _BUSY = f"{CARDS} cards: idle CPU", f"{CARDS} cards: CPU while all change"
_READS, _EDITS = f"{CARDS} cards: reads", f"{CARDS} cards: edits while all change"


def card_rows(_size: Size) -> tuple[Row, ...]:
    """Return the row."""
    figures = (
        Figure(_QUIET, "%", "<= 0.2 %", "", compared=None),
        Figure(_BUSY, "%", compared=None),
        Figure(_READS, "per minute", "<= 3", compared=None),
        Figure(_EDITS, "per minute", compared=None),
    )
    return (Row("cards", figures, _cards, (Subject.CALLNOTE,)),)


async def _cards(bench: Bench, subject: Subject) -> Mapping[str, float]:
    seconds = SHARE * bench.size.idle
    async with bench.warm(subject) as (there, process):
        for number in range(1, CARDS + 1):
            await _keep(there, number)
        await asyncio.sleep(bench.size.idle)
        began, reads = time.monotonic(), _reads(there)
        quiet = await _cpu(process, seconds)
        changing = asyncio.create_task(_change(there))
        edits, busy_since = _edits(there), time.monotonic()
        busy = await _cpu(process, seconds)
        changing.cancel()
        now = time.monotonic()
        return {
            _QUIET: quiet,
            _BUSY: busy,
            _READS: (_reads(there) - reads) / (now - began) * 60,
            _EDITS: (_edits(there) - edits) / (now - busy_since) * 60,
        }


async def _keep(there: Place, number: int) -> None:
    member = there.members[0]
    shown = await there.discord.use_command(member, there.channel, "call", {"call": str(number)})
    card = await shown.answered()
    (keep,) = [each.custom_id for each in card.buttons if each.label == KEEP]
    assert keep is not None
    pressed = await there.discord.press_button(member, card, keep)
    await pressed.acknowledged()
    await there.discord.shows(card, "Kept in this channel")


async def _change(there: Place) -> None:
    """Let somebody add a note to each of the calls every second."""
    while True:
        for number in range(1, CARDS + 1):
            there.cad.add_note(number, "Suspect fled north on foot", label="Kim K-9")
        await asyncio.sleep(1)


async def _cpu(process: Process, seconds: float) -> float:
    before, began = process.cpu, time.monotonic()
    await asyncio.sleep(seconds)
    return (process.cpu - before) / (time.monotonic() - began) * 100


def _reads(there: Place) -> int:
    return sum(request.kind == "calls" for request in there.cad.requests)


def _edits(there: Place) -> int:
    return sum(request.route == "edit_message" for request in there.discord.requests)
