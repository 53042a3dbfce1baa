"""The periods that Callnote waits, in one place, so that tests can run it faster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Periods, all in seconds; the defaults are those of a bot in service."""

    drain: float = 22.0
    """Time for notes in flight after a signal, which with `last_words` stays within 25 s; Heroku
    kills a process 30 s after SIGTERM."""

    longest_stop: float = 25.0
    """When a process that is stopping ends whatever it still does, such as waiting for a database
    that does not answer any more; the outbox has what was not finished."""

    last_words: float = 2.5
    """Time for a cancelled command to tell its member that it was."""

    hand_over: float = 2.0
    """How long handing the unfinished notes over to the next process may take."""

    database_first: float = 5.0
    """How long Discord is not connected to while the database is being opened. After that,
    commands are answered with the plain truth until it is."""

    first_database_retry: float = 0.5
    """The pause after the first failed try to open the database; it doubles with each further."""

    longest_database_retry: float = 15.0
    """The longest such pause."""

    first_discord_retry: float = 5.0
    """The pause after the first failed try to reach Discord; it doubles with each further one."""

    longest_discord_retry: float = 300.0
    """The longest such pause: far from the 1,000 tries a day after which a token is reset."""

    identify_again: float = 5.0
    """The pause before a shard identifies again, which may be done once in 5 s (Discord API docs,
    Gateway, Rate Limiting); discord.py's own."""

    identify: float = 10.0
    """How long Discord may take at the start to name its gateway."""

    cancel_again: float = 0.5
    """The pause before work is cancelled again that swallowed its cancellation."""

    leave_gateway: float = 5.0
    """How long closing the connections to Discord may take at the end."""

    check_discord: float = 15.0
    """How long `check` waits for each of Discord's answers."""

    transaction: float = 5.0
    """How long a database transaction may take in all, waiting for its turn included."""

    ask_owners: float = 5.0
    """How long Discord may take to say who owns the application."""

    keep_owners: float = 300.0
    """For how long that answer is used."""

    first_guilds: float = 10.0
    """How long notes wait after a start for Discord to say that the bot is still in their guild."""

    ask_cad: float = 5.0
    """How long the CAD may take to answer a probe, or with its list of servers."""

    keep_good_news: float = 60.0
    """For how long such an answer is used."""

    keep_bad_news: float = 10.0
    """The same for a failure, and for an answer that something has cast doubt on."""

    post: float = 15.0
    """How long Discord may take to take an entry of the log channel."""

    try_channel: float = 8.0
    """The same for the trial of a new log channel, which an administrator waits for."""

    settings_refresh: float = 2.0
    """How often changes of settings by another process are asked for; two overlap in a deploy."""

    acknowledge: float = 2.5
    """Time for the first response. Discord gives 3 s from the event, and discord.py would try
    again for 25 s after a server error, long after the interaction is lost."""

    other_instance: float = 45.0
    """How long another running instance may take to answer: 2.5 s for its acknowledgement, 2 for
    look-ups, 5 and 10 for the CAD, and the rest for Discord to take the answer."""

    edit_again: float = 1.5
    """The pause before an answer that Discord did not take is tried again."""

    store_note: float = 2.0
    """How long storing a note may take: with the acknowledgement it must end within 3 s."""

    look_up_names: float = 2.0
    """How long the members' names may take in all; a note does not wait longer for a name."""

    ask_discord_again: float = 2.0
    """The pause before Discord is asked again whether it took an acknowledgement."""

    acknowledged_at_latest: float = 3.5
    """The age at which an interaction that is not acknowledged never will be (Discord API docs,
    Receiving and Responding to Interactions: 3 s)."""

    edit_interval: float = 3.0
    """The least time between two edits of a message while its note is still on its way."""

    first_show_retry: float = 1.5
    """The pause before something that Discord did not take is shown again; it doubles each time."""

    longest_show_retry: float = 30.0
    """The longest such pause."""

    heartbeat: float = 5.0
    """How often a process renews its lease."""

    lease_timeout: float = 24.0
    """How long a process keeps its notes without renewing its lease: several heartbeats, and with
    `recovery_interval` below 30 s."""

    lease_margin: float = 4.0
    """How long before `lease_timeout` a process that has not renewed its lease stops sending, as
    another one may be about to take its notes over."""

    recovery_interval: float = 2.0
    """How often notes of processes that ended are looked for."""

    stale_send: float = 5.0
    """A send that could not begin so soon after it was stored as SENDING is not begun at all: the
    process was held up, and after `lease_timeout` another one takes the note over."""

    send_again: float = 1.0
    """The pause before a note is tried again that another process, or the database, held back."""

    longest_rush: float = 2.0
    """How long a send waits at most while many notes are being accepted."""

    first_store_retry: float = 0.2
    """The pause before what became of a note is stored at the second try; it doubles each time."""

    longest_store_retry: float = 5.0
    """The longest such pause."""

    store_marks: float = 0.25
    """How long after it was shown a note is marked as shown, with the others of that time."""

    first_probe_pause: float = 1.0
    """The pause before the second look at a CAD that does not answer; it doubles each time, up to
    the host's setting."""

    ask_guild_again: float = 0.5
    """The pause before it is asked again whether a guild's notes may be sent."""

    press_in_doubt: float = 30.0
    """For how long a button's move that was not confirmed may still turn out to have been made."""

    last_poll: float = 45.0
    """How long after its time a note in doubt is looked for at most: what became of it is to be
    said while the interaction's token is good, as nothing else may lead to the message."""

    token_interval: float = 60.0
    """How often interactions' tokens are deleted that no longer work."""

    purge_interval: float = 3600.0
    """How often old rows are deleted."""

    purge_pause: float = 0.5
    """The pause between two batches of them, in which notes have the database to themselves."""

    first_poll: float = 2.0
    """The pause between an uncertain send and the first look, which can only find the note."""

    begin_anew: float = 1.0
    """The pause before a part of the outbox begins anew that failed for no known reason."""

    expiry_interval: float = 0.5
    """How often it is looked which notes have waited too long."""

    announce_after: float = 2.5
    """How long a note may wait for its turn before its member is told that it does."""


def loop_time() -> float:
    """Return the time by the running event loop's monotonic clock, in seconds."""
    return asyncio.get_running_loop().time()


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, at most that long (None: for ever); returns whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def back_off(first: float, longest: float) -> Iterator[float]:
    """Give pauses in seconds for ever: `first`, each twice the one before, at most `longest`."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, longest)
