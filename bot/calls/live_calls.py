"""The live calls of every CAD server, in memory and read only while somebody needs them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot.calls.texts import call_label
from bot.outbox import ReadSlots
from bot.sonoran import (
    CallList,
    ClosedCalls,
    DispatchCall,
    RateLimitedError,
    SonoranClient,
    SonoranError,
)
from bot.storage import StorageError
from bot.timing import Timing, doubled, end_tasks, loop_time

if TYPE_CHECKING:
    from bot.calls.search import CallIndex

MOST_LISTS = 512
"""Lists that are held at once, those of several hundred communities. With more, lists that were not
used for `Timing.old_calls` are dropped; one in use stays, or it would be read again at each use."""

CLOSED_TOO = ClosedCalls(25)
"""The closed calls that are read with the live ones, so that a closed one is told from one gone."""

_HELD_BACK_SECONDS = 60.0  # after a rate limit without a delay; the CAD's limit is a minute's

_Key = tuple[str, int]
_Changed = Callable[[str, int], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveList:
    """The calls of a community's CAD server as they were read: `began` by the event loop's clock.

    `with_closed` says whether the calls that were closed lately were read as well, `old_after` from
    which age on, in seconds, users are told how old the list is.
    """

    community: str
    calls: CallList
    index: CallIndex
    began: float
    with_closed: bool
    old_after: float
    _labels: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def age(self) -> float:
        """How many seconds ago it was read."""
        return max(0.0, loop_time() - self.began)

    @property
    def told_age(self) -> float:
        """The age to tell of, 0 for a list that is not old."""
        age = self.age
        return age if age > self.old_after else 0.0

    def find(self, call_id: int) -> DispatchCall | None:
        """Return a dispatch call, live or lately closed; None for one that is not listed."""
        return self.index.find(call_id)

    def label(self, call: DispatchCall) -> str:
        """Return `call_label` of one of these calls, made once: each letter typed asks for it."""
        label = self._labels.get(call.call_id)
        if label is None:
            label = self._labels[call.call_id] = call_label(call)
        return label

    def is_emergency_alone(self, call_id: int) -> bool:
        """Whether a number is a 911 call's and no dispatch call's."""
        return call_id in self.calls.emergency_ids and self.find(call_id) is None


class _Held:
    """What is known of one CAD server's calls, and when they may be read again."""

    def __init__(self) -> None:
        self.list: LiveList | None = None
        self.reading: asyncio.Task[None] | None = None
        self.wanted_at = 0.0
        self.read_from = 0.0
        self.failures = 0


@dataclass(eq=False, repr=False, slots=True)
class LiveCalls:
    """The one reader of live calls, besides the reconciler, whose reads `seen` takes in.

    `cad_for` and `slots_for` give a community's client and its reads per minute. Each list is read
    only when `get` asks for it, at most once in `timing.read_calls_again` however many ask. Trouble
    at the CAD is logged, and leaves the list that was there.
    """

    cad_for: Callable[[str], SonoranClient]
    slots_for: Callable[[str], ReadSlots]
    timing: Timing
    _held: OrderedDict[_Key, _Held] = field(default_factory=OrderedDict, init=False)
    _held_back: dict[str, float] = field(default_factory=dict, init=False)
    _listeners: list[_Changed] = field(default_factory=list, init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _sweep: asyncio.TimerHandle | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self._held)

    def known(self, community: str, server_id: int) -> LiveList | None:
        """Return the list as far as it is known; nothing is read for it."""
        held = self._held.get((community, server_id))
        return None if held is None else held.list

    async def get(
        self, community: str, server_id: int, *, max_age: float = 0.0, wait: float = 0.0
    ) -> LiveList | None:
        """Return the newest list, None without any, and start reading a newer one if that is due.

        If the list is older than `max_age` seconds, or there is none, the read under way is waited
        for, up to `wait` seconds. Never raises for trouble at the CAD or the database.
        """
        held = self._hold((community, server_id))
        if held.reading is None and loop_time() >= max(
            held.read_from, self._held_back.get(community, 0.0)
        ):
            held.reading = self._start(self._read(community, server_id, held))
        outdated = held.list is None or held.list.age > max_age
        if held.reading is not None and wait > 0 and outdated:
            await asyncio.wait({held.reading}, timeout=wait)
        return held.list

    async def lately(self, community: str, server_id: int) -> LiveList | None:
        """Return the list for somebody who looks at it, None without any.

        One older than `timing.old_calls` is returned only if no newer one comes within
        `timing.await_calls`.
        """
        return await self.get(
            community,
            server_id,
            max_age=self.timing.old_calls,
            wait=self.timing.await_calls,
        )

    def seen(self, community: str, calls: CallList, began: float) -> None:
        """Take in live calls that somebody else read, if anybody needs them.

        `began` is when the read began, by the event loop's clock.
        """
        held = self._held.get((community, calls.server_id))
        if held is None:
            return
        held.read_from = max(held.read_from, began + self.timing.read_calls_again)
        self._start(self._take_in_seen(community, held, calls, began))

    def listen(self, changed: Callable[[str, int], None]) -> None:
        """Have `changed` called with community and server whenever a newer list is known."""
        self._listeners.append(changed)

    async def close(self) -> None:
        """Stop reading, for good."""
        if self._sweep is not None:
            self._sweep.cancel()
        await end_tasks(self._tasks)
        self._held.clear()

    def _hold(self, key: _Key) -> _Held:
        """Return what is held of a list that somebody needs now."""
        held = self._held.setdefault(key, _Held())
        held.wanted_at = loop_time()
        self._held.move_to_end(key)
        unneeded = held.wanted_at - self.timing.old_calls
        while (
            len(self._held) > MOST_LISTS and next(iter(self._held.values())).wanted_at <= unneeded
        ):
            self._held.popitem(last=False)
        if self._sweep is None:
            self._sweep = self._after_idling(self.timing.keep_calls)
        return held

    def _after_idling(self, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._drop_idle)

    def _drop_idle(self) -> None:
        """Drop the lists that nobody has needed for `timing.keep_calls`."""
        keep, now = self.timing.keep_calls, loop_time()
        for key, held in list(self._held.items()):
            if now - held.wanted_at >= keep:
                del self._held[key]
        first = min((held.wanted_at for held in self._held.values()), default=None)
        self._sweep = None if first is None else self._after_idling(first + keep - now)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _read(self, community: str, server_id: int, held: _Held) -> None:
        """Read a list if one more read may be made, and note when the next one may be."""
        again = self.timing.read_calls_again
        try:
            if wait := await self.slots_for(community).acquire(spare=True):
                held.read_from = loop_time() + min(wait, again)
                return
            began = loop_time()
            held.read_from = began + again
            calls = await self.cad_for(community).get_calls(server_id, CLOSED_TOO)
            await self._take_in(community, held, calls, began, with_closed=True)
            held.failures = 0
        except (SonoranError, StorageError) as error:
            held.failures += 1
            pause = doubled(again, held.failures, self.timing.longest_calls_pause)
            held.read_from = loop_time() + pause
            if isinstance(error, RateLimitedError):
                delay = error.retry_after or _HELD_BACK_SECONDS
                self._held_back[community] = loop_time() + delay
            level = logging.WARNING if held.failures == 1 else logging.DEBUG
            _log.log(level, "the live calls cannot be read: %s", error)
        except Exception:  # what stands in a list is not ours
            held.read_from = loop_time() + self.timing.longest_calls_pause
            _log.exception("reading the live calls failed unexpectedly")
        finally:
            held.reading = None

    async def _take_in_seen(
        self, community: str, held: _Held, calls: CallList, began: float
    ) -> None:
        try:
            await self._take_in(community, held, calls, began, with_closed=False)
        except Exception:  # what stands in a list is not ours
            _log.exception("the live calls cannot be taken in")

    async def _take_in(
        self, community: str, held: _Held, calls: CallList, began: float, *, with_closed: bool
    ) -> None:
        known = held.list
        if known is not None and not with_closed:
            live = {call.call_id for call in calls.calls}
            closed = (each for each in known.calls.calls if each.closed)
            kept = tuple(each for each in closed if each.call_id not in live)
            calls = replace(calls, calls=calls.calls + kept)
        index = await asyncio.to_thread(_index_of, calls.calls)
        if held.list is not None and held.list.began >= began:
            return
        held.list = LiveList(community, calls, index, began, with_closed, self.timing.old_calls)
        for changed in self._listeners:
            changed(community, calls.server_id)


def _index_of(calls: tuple[DispatchCall, ...]) -> CallIndex:
    """Make calls ready to be searched, which takes a while with many."""
    # With it comes rapidfuzz: 2 MB and 12 ms that a bot whose calls nobody looks at does without.
    from bot.calls.search import CallIndex

    return CallIndex(calls)
