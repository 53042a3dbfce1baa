"""Objects by key, made when first needed and dropped when they have not been used for a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from bot.timing import loop_time

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class IdleCache(Generic[_Key, _Value]):
    """One object for each key, kept for at least `seconds` after its last use.

    Whoever holds an object longer keeps it: there are never two for one key.
    """

    def __init__(self, make: Callable[[_Key], _Value], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._all: WeakValueDictionary[_Key, _Value] = WeakValueDictionary()
        self._used: dict[_Key, tuple[float, _Value]] = {}
        self._swept_at = loop_time()

    def get(self, key: _Key) -> _Value:
        """Return the key's object, made now if there is none."""
        now = loop_time()
        if now >= self._swept_at + self._seconds:
            self._swept_at = now
            self._used = {
                each: used for each, used in self._used.items() if now < used[0] + self._seconds
            }
        value = self._all.get(key)
        if value is None:
            value = self._all[key] = self._make(key)
        self._used[key] = now, value
        return value

    def existing(self, key: _Key) -> _Value | None:
        """Return the key's object if there is one, which counts as no use."""
        return self._all.get(key)

    def __len__(self) -> int:
        return len(self._all)
