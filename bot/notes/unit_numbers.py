"""The name beside a note in the CAD: the member's unit number there, or else the display name."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from bot.idle_cache import IdleCache
from bot.interactions.markdown import one_line
from bot.notes.parsing import has_visible
from bot.settings.cache import SettingsCache
from bot.sliding_window import SlidingWindow
from bot.sonoran import (
    CredentialsError,
    RateLimitedError,
    RefusedError,
    SonoranClient,
    SonoranError,
)
from bot.timing import Timing, loop_time

LOOK_UPS_PER_MINUTE = 5
"""Members who are looked up in a community at most; the CAD allows 10 such reads for each key,
which two processes may share (v2 pages get-account and get-identifiers)."""

MOST_MEMBERS = 10_000
"""Members who are remembered; the one looked up longest ago goes first."""

_Key = tuple[str, int]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """What the CAD said of a member, and until when it is not asked again.

    Until `unused_until` it does not count, as a note had to go without.
    """

    number: str | None = None
    until: float = 0.0
    unused_until: float = 0.0
    task: asyncio.Task[None] | None = None


@dataclass(eq=False, slots=True, weakref_slot=True)
class _LookUps:
    """A community's look-ups in the last minute, and until when it gets no more."""

    counted: SlidingWindow = field(default_factory=lambda: SlidingWindow(LOOK_UPS_PER_MINUTE, 60.0))
    held_until: float = 0.0


@dataclass(eq=False, repr=False, slots=True)
class NoteLabels:
    """Tells what stands beside members' notes.

    `community_of` names a guild's community, and refuses if it is not connected, as every method
    may then; `client_of` gives a community's client. A number is remembered for
    `timing.keep_unit_number`, and a note waits for one at most `timing.await_unit_number`; at 0
    none is looked up.
    """

    settings: SettingsCache
    community_of: Callable[[int], str]
    client_of: Callable[[str], SonoranClient]
    timing: Timing
    _known: OrderedDict[_Key, _Known] = field(default_factory=OrderedDict, init=False)
    _look_ups: IdleCache[str, _LookUps] = field(init=False)

    def __post_init__(self) -> None:
        self._look_ups = IdleCache(lambda _: _LookUps(), self.timing.keep_idle_community)

    async def of(self, member: discord.Member) -> str:
        """Return what stands beside a member's note: one line with something visible in it."""
        now = loop_time()
        known = self._look_up(member, now)
        if known is None or now < known.unused_until:
            return label_of(member)
        if known.task is not None:
            await asyncio.wait({known.task}, timeout=self.timing.await_unit_number)
            if known.task is not None and known.number is None:
                # Else the same note a moment later would be another one, under another name.
                known.unused_until = loop_time() + self.timing.keep_label
                return label_of(member)
        return known.number or label_of(member)

    def prepare(self, member: discord.Member) -> None:
        """Begin to look a member up who is about to send a note."""
        self._look_up(member, loop_time())

    def _look_up(self, member: discord.Member, now: float) -> _Known | None:
        """Return what is known of a member, who is looked up if that is due; None where not."""
        guild_id = member.guild.id
        if not self.timing.await_unit_number or not self.settings.known:
            return None
        if not self.settings.of(guild_id).unit_numbers:
            return None
        community = self.community_of(guild_id)
        known = self._known.setdefault((community, member.id), _Known())
        if len(self._known) > MOST_MEMBERS:
            self._known.popitem(last=False)
        look_ups = self._look_ups.get(community)
        due = known.task is None and now >= max(known.until, look_ups.held_until)
        if due and look_ups.counted.try_add():
            known.task = asyncio.create_task(self._ask(community, member.id, known, look_ups))
        return known

    async def _ask(self, community: str, member_id: int, known: _Known, look_ups: _LookUps) -> None:
        timing, now = self.timing, loop_time()
        try:
            async with asyncio.timeout(timing.ask_cad):
                number = await self.client_of(community).get_unit_number(member_id)
            known.number = number if number and has_visible(number := one_line(number)) else None
            seconds = timing.keep_unit_number if number else timing.keep_no_unit_number
        except (SonoranError, TimeoutError) as error:
            _log.debug("a unit number cannot be looked up: %s", error)
            seconds = timing.keep_bad_news
            if isinstance(error, RateLimitedError):
                look_ups.held_until = now + (error.retry_after or 60.0)
            elif isinstance(error, CredentialsError):
                look_ups.held_until = now + timing.longest_refusal
            elif isinstance(error, RefusedError):  # nobody is linked to this Discord id
                known.number = None
                seconds = timing.keep_no_unit_number
        except Exception:  # a label must never keep a note from being sent
            _log.exception("looking a unit number up failed unexpectedly")
            seconds = timing.keep_no_unit_number
        finally:
            known.task = None
        known.until = max(known.until, now + seconds)


def label_of(member: discord.Member) -> str:
    """Return the name that the CAD shows beside the note; a nickname may be blank."""
    name = one_line(member.display_name)
    return name if has_visible(name) else member.name
