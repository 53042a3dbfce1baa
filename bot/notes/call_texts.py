"""What is said about a note's call below the CAD's own words."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.texts import cut, details
from bot.interactions.markdown import escape_markdown
from bot.outbox import NoteRecord
from bot.sonoran import DispatchCall

_NAMED_LIMIT = 150  # UTF-16 units of the line that names a call, before it is escaped


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the live calls tell of a note's call.

    `call` is the call itself, if it is listed. If it is not, or closed, `emergency` says whether a
    911 call has its number, and `near` are the live calls that may be meant.
    """

    call: DispatchCall | None = None
    emergency: bool = False
    near: tuple[DispatchCall, ...] = ()


NO_FACTS = CallFacts()


def named_below(call: DispatchCall | None) -> str:
    """Return a small line that names a call, to stand below others; empty without anything."""
    named = " · ".join(details(call)) if call is not None else ""
    if not named:
        return ""
    return f"\n-# {escape_markdown(cut(named, _NAMED_LIMIT), limit=2 * _NAMED_LIMIT)}"


def advice_about_call(record: NoteRecord, facts: CallFacts) -> str:
    """Return what to do about a number that is no dispatch call's; empty where nothing is known."""
    advice = []
    if facts.call is not None and facts.call.closed:
        advice.append(f"#{record.note.call_id} is closed.")
    if facts.emergency:
        advice.append(
            f"#{record.note.call_id} is a 911 call; notes can be added only to dispatch calls."
        )
    if facts.near:
        advice.append("Did you mean one of these calls? Press it to add the note there.")
    return " ".join(advice)
