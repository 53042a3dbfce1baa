"""Tells from a call's notes whether a note that was sent without an answer is there.

The CAD gives notes no id, so a note is known by its label and content alone. Equal notes are told
apart by counting: as many as the outbox knows to be there are explained, and only one more than
that, and than those nobody is sure of, proves that another one arrived.
"""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum, auto

from bot.sonoran import CallNote, DispatchCall
from bot.stream_safe import stream_safe

_CUT_LENGTH = 32  # characters; a shorter beginning of a note is likely to be a note of its own
_ALIKE = 0.8  # the part of two texts' characters that they share if one is the other, altered


@dataclass(frozen=True, slots=True)
class Explained:
    """How many equal notes of a call the outbox accounts for besides the one in question.

    `confirmed` are known to be in the CAD, `unconfirmed` may be there.
    """

    confirmed: int = 0
    unconfirmed: int = 0


class Verdict(Enum):
    """What a poll of the call list says about a note."""

    THERE = auto()
    NOT_THERE = auto()
    UNKNOWN = auto()


def fingerprint(label: str, text: str) -> str:
    """Return what two notes have in common that count as equal: 64 hexadecimal digits.

    Differences that the CAD may make to a stored text do not count: Unicode composition, white
    space (line breaks too), and HTML escapes.
    """
    both = f"{_plain(label)}\n{_plain(text)}"
    # The CAD may list half of an emoji, where a text was cut.
    return hashlib.sha256(both.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _PlainNote:
    """A listed note as it is compared."""

    fingerprint: str
    label: str = field(repr=False)
    text: str = field(repr=False)


class ReadCall:
    """A call's notes as they were listed, made ready once for all notes that are looked for.

    Takes time with many long notes, as judging does: to be done beside the event loop.
    """

    def __init__(self, call: DispatchCall) -> None:
        self.usable = call.notes is not None
        self.unreadable = call.unreadable_notes
        self.notes = tuple(
            _PlainNote(
                fingerprint(each.label, each.text), label=_plain(each.label), text=_plain(each.text)
            )
            for each in call.notes or ()
        )
        self.counts = Counter(each.fingerprint for each in self.notes)


def judge(
    call: ReadCall,
    note: CallNote,
    *,
    sends: int,
    explained: Mapping[str, Explained],
    settled: bool,
) -> tuple[Verdict, int]:
    """Judge a poll of the call list; returns the verdict and how many of the sends are there.

    `call` is the note's call as it was listed. `sends` counts the sends of this note whose outcome
    is open, `explained` has the rest of the outbox for this call by fingerprint. Only a `settled`
    poll, one begun long enough after the last send, can prove that the note is not there. Nothing
    is assumed from a call without usable notes, from a list that lacks a note known to be there (it
    is old, or the CAD rewrites notes), or where an unexplained note looks like this one altered. An
    entry that cannot be read may be any note: it forbids "not there", never "there".
    """
    if not call.usable:
        return Verdict.UNKNOWN, 0
    listed = call.counts
    lacking = sum(max(0, each.confirmed - listed[key]) for key, each in explained.items())
    if lacking > call.unreadable:
        return Verdict.UNKNOWN, 0
    own = fingerprint(note.label, note.text)
    others = explained.get(own, Explained())
    more = listed[own] - others.confirmed
    if more > others.unconfirmed:
        return Verdict.THERE, min(more - others.unconfirmed, sends)
    if more or not settled or call.unreadable or _seems_altered(call.notes, note, explained):
        return Verdict.UNKNOWN, 0
    return Verdict.NOT_THERE, 0


def _seems_altered(
    notes: tuple[_PlainNote, ...], note: CallNote, explained: Mapping[str, Explained]
) -> bool:
    """Whether a note that the outbox cannot explain may be this one, altered or relabelled."""
    label, text = _plain(note.label), _plain(note.text)
    for each in notes:
        if each.fingerprint in explained:
            continue
        listed = each.text
        if listed == text:
            return True
        if each.label == label and (text in listed or _alike(listed, text)):
            return True
        if len(listed) >= _CUT_LENGTH and text.startswith(listed.rstrip(".… ")):
            return True
    return False


def _alike(one: str, other: str) -> bool:
    """Whether two texts have most characters in common, as when emoji came out as `?`."""
    return SequenceMatcher(None, one, other, autojunk=False).quick_ratio() >= _ALIKE


def _plain(text: str) -> str:
    if "&" in text:
        import html  # has every name of a character, which are rarely needed

        # It raises for "&#" and thousands of digits, which is no escape of anything.
        with contextlib.suppress(ValueError):
            text = html.unescape(text)
    return " ".join(unicodedata.normalize("NFC", stream_safe(text)).split())
