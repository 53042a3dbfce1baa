"""Finds live calls by what a dispatcher types: a number, or words of theirs with typing errors."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect, bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.sonoran import LARGEST_CALL, DispatchCall
from bot.stream_safe import stream_safe

MOST_CALLS = 10_000
"""Calls of one list that are searched, the newest; bounds the work of a search."""

MOST_WORDS = 20_000
"""Different words of one list that calls are found by; bounds the same. Of further ones those in
descriptions are left out first, and of these those of the oldest calls."""

_TYPED_CHARACTERS = 100
_TYPED_WORDS = 6
_SEARCHED_CHARACTERS = 1000  # of each text of a call
_ALL_WORDS = 5000  # as many known words as are all looked at for typing errors
_MOST_NEAR = 4  # calls that may be meant by a number
_ALIKE_WORDS = 50  # words that are looked at more closely, as what was typed may be one of them

_NUMBER = re.compile(r"\s*(?:call)?[\s:]*(#?)\s*([0-9]{1,16})\s*", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:[-./]\w+)*")
_APOSTROPHES = re.compile("['’`´]")
# Letters that Unicode does not take apart into one of ours and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


class CallIndex:
    """The calls of one list, made ready to be searched; the live ones newest first.

    Making one takes time with many calls, so it is to be done beside the event loop. A search does
    a bounded amount of work.
    """

    def __init__(self, calls: Iterable[DispatchCall]) -> None:
        usable = [call for call in calls if 1 <= call.call_id <= LARGEST_CALL]
        usable.sort(key=lambda call: call.call_id, reverse=True)  # the CAD numbers them in order
        self._by_id = {call.call_id: call for call in usable}
        self.live = tuple(call for call in usable if not call.closed)[:MOST_CALLS]
        self._places = {call.call_id: place for place, call in enumerate(self.live)}
        self._numbers = [str(call.call_id) for call in self.live]
        words: dict[str, list[int]] = defaultdict(list)
        for texts_of in (_names, _descriptions):
            for place, call in enumerate(self.live):
                searched = " ".join(text[:_SEARCHED_CHARACTERS] for text in texts_of(call))
                for word in set(_WORD.findall(plain(searched))):
                    if word in words or len(words) < MOST_WORDS:
                        words[word].append(place)
        self._words = {word: words[word] for word in sorted(words)}
        self._sorted = list(self._words)
        self._letters = [word for word in self._sorted if not any(map(str.isdigit, word))]
        # All words in one text, which is searched much faster than one after the other.
        self._text = "\n".join(["", *self._sorted, ""])
        self._starts = list(accumulate((len(word) + 1 for word in self._sorted), initial=1))

    def find(self, call_id: int) -> DispatchCall | None:
        """Return the call with this id, be it closed; None if it is not listed."""
        return self._by_id.get(call_id)

    def search(self, typed: str, first: Sequence[int] = (), limit: int = 25) -> list[DispatchCall]:
        """Return the calls that match what was typed, the best first, at most `limit`.

        A number matches the live calls whose ids begin with it, and a closed call only by its whole
        id; words match code, title, address, postal and description. Among those that match equally
        well come the calls with the ids `first`, in that order, and then the newest. Nothing typed
        matches all.
        """
        typed = typed[:_TYPED_CHARACTERS]
        if not typed.strip():
            return self._pick([range(len(self.live))], first, limit)
        number = _NUMBER.fullmatch(typed)
        if number is None:
            return self._pick(self._with_words(typed), first, limit)
        digits = number[2].lstrip("0")
        own = self.find(int(number[2]))
        begin = {at for at, each in enumerate(self._numbers) if digits and each.startswith(digits)}
        enough = number[1] or len(begin) >= limit
        words = () if enough else self._with_words(digits)
        found = self._pick([begin, *words], first, limit)
        return found if own is None else [own, *(call for call in found if call is not own)][:limit]

    def near(self, call_id: int) -> list[DispatchCall]:
        """Return live calls that may be meant by a number that is no live call's, at most four.

        Their number differs by a typing error or two, or their texts contain it. The best come
        first.
        """
        digits = str(call_id)
        errors = 1 if len(digits) < 4 else 2
        alike = process.extract(
            digits, self._numbers, scorer=OSA.distance, score_cutoff=errors, limit=_MOST_NEAR
        )
        places = [place for _, _, place in alike]
        begin = {
            place
            for place, each in enumerate(self._numbers)
            if each.startswith(digits) or (len(each) > 1 and digits.startswith(each))
        }
        found = [self.live[place] for place in places]
        found += self._pick([begin, *self._with_words(digits)], (), _MOST_NEAR)
        return list(dict.fromkeys(call for call in found if call.call_id != call_id))[:_MOST_NEAR]

    def _pick(
        self, tiers: Iterable[Iterable[int]], first: Sequence[int], limit: int
    ) -> list[DispatchCall]:
        """Return the calls in the places of each tier, ordered within it as `search` says."""
        picked: dict[int, None] = {}
        for tier in tiers:
            places = tier if isinstance(tier, range | set) else set(tier)
            for call_id in first:
                if (place := self._places.get(call_id, -1)) in places:
                    picked.setdefault(place)
            rest = places if isinstance(places, range) else sorted(places)
            for place in rest:
                if len(picked) >= limit:
                    break
                picked.setdefault(place)
        return [self.live[place] for place in picked][:limit]

    def _with_words(self, typed: str) -> tuple[set[int], set[int]]:
        """Return the places of the calls with most of the words, literally and with errors."""
        words = list(dict.fromkeys(_WORD.findall(plain(typed))))[:_TYPED_WORDS]
        literal: Counter[int] = Counter()
        alike: Counter[int] = Counter()
        for word in words:
            found = self._containing(word)
            matches = {place for known in found for place in self._words[known]}
            literal.update(matches)
            if not found:
                matches = {place for known in self._alike(word) for place in self._words[known]}
            alike.update(matches)
        most = max(alike.values(), default=0)
        both = {place for place, count in alike.items() if count == most}
        exact = {place for place in both if literal[place] == most}
        return exact, both - exact

    def _containing(self, word: str) -> list[str]:
        """Return the known words that contain one, or begin with one of a single letter."""
        if len(word) == 1:
            return _beginning_with(word, self._sorted)
        found = []
        at = self._text.find(word)
        while at >= 0:
            place = bisect(self._starts, at) - 1
            found.append(self._sorted[place])
            at = self._text.find(word, self._starts[place + 1])
        return found

    def _alike(self, word: str) -> list[str]:
        """Return the known words that begin with what a word may be that has typing errors."""
        length = len(word)
        errors = 0 if length < 4 or word.isdigit() else 1 if length < 8 else 2
        if not errors:
            return []
        known = self._letters
        if len(known) > _ALL_WORDS:  # then the first letter has to be right, or the second
            known = [each for first in {*word[:2]} for each in _beginning_with(first, known)]
        begun: dict[str, list[str]] = defaultdict(list)
        for each in known:
            begun[each[: length + 1]].append(each)
        # A beginning that is longer by a letter may be farther by one.
        close = process.extract(
            word, begun.keys(), scorer=OSA.distance, score_cutoff=errors + 1, limit=_ALIKE_WORDS
        )
        return [
            each
            for beginning, _, _ in close
            if any(
                OSA.distance(word, beginning[:end], score_cutoff=errors) <= errors
                for end in (length - 1, length, length + 1)
            )
            for each in begun[beginning]
        ]


def _names(call: DispatchCall) -> tuple[str, ...]:
    return call.code, call.title, call.address, call.postal


def _descriptions(call: DispatchCall) -> tuple[str, ...]:
    return (call.description,)


def plain(text: str) -> str:
    """Return a text without case, accents and apostrophes, for comparing."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", stream_safe(text).casefold().translate(_LETTERS))
        text = "".join(each for each in parts if not unicodedata.combining(each))
    return _APOSTROPHES.sub("", text.casefold())


def _beginning_with(start: str, words: list[str]) -> list[str]:
    """Return the words of a sorted list that begin with a letter."""
    return words[bisect_left(words, start) : bisect_left(words, chr(ord(start) + 1))]
