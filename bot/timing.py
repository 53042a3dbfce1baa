"""The periods that Callnote waits, in one place, so that tests can run it faster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False, repr=False, slots=True, kw_only=True)
class Timing:
    """Periods, all in seconds; the defaults are those of a bot in service.

    A comment says what a period is for: time in which it must end, unless it says otherwise.
    """

    # The start and the end of the process
    drain: float = 22.0
    """Time for notes in flight after a signal, which with `last_words` stays within 25 s; Heroku
    kills a process 30 s after SIGTERM."""
    longest_stop: float = 25.0
    """When a process that is stopping ends whatever it still does, such as waiting for a database
    that does not answer any more; the outbox has what was not finished."""
    last_words: float = 2.5  # for cancelled commands to end
    hand_over: float = 2.0  # to hand the unfinished notes over to the next process
    cancel_again: float = 0.5  # before work is cancelled again that swallowed its cancellation
    leave_gateway: float = 5.0  # to close the connections to Discord at the end
    end_endpoint: float = 1.0  # for the metrics under way at the end to be answered
    report_errors: float = 2.0  # for the last errors to be reported, after `longest_stop`

    # The database and the settings
    database_first: float = 5.0
    """How long Discord is not connected to while the database is being opened; then commands are
    answered with the plain truth until it is."""
    first_database_retry: float = 0.5  # doubles with each failed try to open it
    longest_database_retry: float = 15.0
    transaction: float = 5.0  # for a database transaction, waiting for its turn included
    settings_refresh: float = 2.0
    """How often changes of settings by another process are asked for; two overlap in a deploy."""

    # Discord
    first_discord_retry: float = 5.0  # doubles with each failed try to reach Discord
    longest_discord_retry: float = 300.0
    """Far from the 1,000 tries a day after which a token is reset."""
    first_reconnect: float = 0.5
    """The pause before the second try to resume a session, the first being made at once; it doubles
    with each that fails or is short-lived. Its commands' interactions last 3 s."""
    longest_reconnect: float = 60.0
    steady_connection: float = 10.0  # a connection that lasts so long is not short-lived
    open_gateway: float = 30.0  # for a connection to be made, as far as IDENTIFY or RESUME
    identify_again: float = 5.0
    """The least time between two IDENTIFYs, as one is allowed in 5 s (Discord API docs, Gateway,
    Rate Limiting); for the same shard it doubles with each short-lived session."""
    longest_identify: float = 300.0
    """The most to which it grows: 288 a day of the 1,000 after which a token is reset."""
    steady_session: float = 600.0  # a session that lasts so long is not short-lived
    ask_starts_again: float = 3600.0
    """The longest wait, while Discord allows no further session, before it is asked again."""
    identify: float = 10.0  # for Discord to name its gateway at the start
    check_discord: float = 15.0  # for all of Discord's answers to `check` together
    ask_owners: float = 5.0  # for Discord to say who owns the application
    keep_owners: float = 300.0  # for how long that answer is used
    first_guilds: float = 10.0
    """How long notes wait after a start for Discord to say that the bot is still in their guild."""
    ask_guild_again: float = 0.5  # before it is asked again whether a guild's notes may be sent
    post: float = 60.0
    """For Discord to take an entry of the log channel; discord.py tries it for 25 s if Discord
    fails, and then the one without the text."""
    try_channel: float = 8.0  # for the trial of a new one, or a card; somebody waits for it

    # The CAD
    ask_cad: float = 5.0  # for the CAD to answer a probe, or with its list of servers
    keep_good_news: float = 60.0  # for how long such an answer is used
    keep_bad_news: float = 10.0  # the same for a failure, and for an answer in doubt
    read_calls_again: float = 20.0
    """The least time between two reads of a CAD server's live calls, however many look at them."""
    longest_calls_pause: float = 120.0  # between two tries while the live calls cannot be read
    keep_calls: float = 900.0  # for how long live calls are kept that nobody looks at
    old_calls: float = 60.0
    """Up to this age live calls are shown without waiting for newer ones and without telling their
    age."""
    look_at_cards: float = 1.0
    """How often to check whether the calls of cards in channels may be read again."""
    claim_cards: float = 10.0  # how often cards of processes that ended are looked for
    stale_calls: float = 120.0  # from which age of its live calls on a card in a channel says so
    first_card_retry: float = 5.0  # before Discord is tried again with a card; doubles each time
    first_hidden_retry: float = 60.0
    """The same where a permission is missing; meanwhile no calls are read for the card."""
    longest_card_retry: float = 900.0
    await_calls: float = 1.5
    """How long what shows live calls waits for newer ones; suggestions must come within 3 s
    (Discord API docs, Receiving and Responding to Interactions)."""
    first_probe_pause: float = 1.0
    """The pause before the second probe of a CAD that does not answer; it doubles each time, up to
    the host's setting."""

    first_refusal: float = 60.0
    """How long nothing is sent after the CAD's refusal of the credentials was confirmed; it doubles
    each time that it is confirmed again."""
    longest_refusal: float = 900.0

    keep_idle_community: float = 1800.0
    """For how long what was learnt of a community's CAD is kept after its last use."""
    try_credentials: float = 12.0
    """For the CAD to show whether it takes credentials; an administrator waits for it."""
    ask_owners_first: float = 1.0
    """For Discord to say who owns the application before a form is shown: that must be within 3 s
    of the command."""

    # Taking a note
    acknowledge: float = 2.5
    """Time for the first response, repetitions included. Discord gives 3 s from the event."""
    acknowledge_again: float = 0.2  # before a first response that Discord did not take is repeated
    store_note: float = 2.0  # to store it: with the acknowledgement this must end within 3 s
    look_up_names: float = 2.0  # for the mentioned members' names in all
    await_zone: float = 0.5  # for the community's time zone, where a form waits for it
    read_text: float = 1.0
    """For Discord to give a text again that a form was refused with; the form must come in 3 s."""
    await_unit_number: float = 0.3
    """How long a note waits for its member's unit number in the CAD; at 0 none is looked up."""
    keep_unit_number: float = 300.0  # for how long a unit number is used, as units change
    keep_no_unit_number: float = 3600.0
    """The same for a member of whom the CAD knows none; failed requests count against the
    community."""
    keep_label: float = 60.0
    """How long a member's notes go without a unit number once one had to; within it, the same note
    is a repetition."""
    ask_discord_again: float = 2.0  # before asking again whether Discord took the acknowledgement
    acknowledged_at_latest: float = 3.5
    """The age at which an interaction that is not acknowledged never will be (Discord API docs,
    Receiving and Responding to Interactions: 3 s)."""
    other_instance: float = 45.0
    """How long another running instance may take to answer: 2.5 s for its acknowledgement, 2 for
    look-ups, 5 and 10 for the CAD, and the rest for Discord to take the answer."""
    edit_again: float = 1.5  # before an answer that Discord did not take is tried again
    action_in_doubt: float = 30.0
    """For how long a member's action that was not confirmed may still turn out to be stored."""

    # Showing it
    announce_after: float = 2.5  # waiting for its turn before its member is told
    edit_interval: float = 3.0  # between two edits while it is on its way, at least
    first_show_retry: float = 1.5  # doubles each time that Discord does not take something
    longest_show_retry: float = 30.0
    store_marks: float = 0.25
    """How long after it was shown a note is marked as shown, with the others of that time."""

    # Sending it
    stale_send: float = 5.0
    """A send that could not begin so soon after it was stored as SENDING is not begun at all: the
    process was held up, and after `lease_timeout` another one takes the note over."""
    send_again: float = 1.0  # after another process, or the database, held it back
    admit_within: float = 1.5
    """A note is refused that would be acknowledged later, as others came before it: Discord gives
    3 s, and those behind it must be refused within them, too."""
    longest_rush: float = 2.0  # a send waits at most while many notes are being accepted
    store_queued: float = 1.0
    """How long an acknowledged note waits for its turn before it is stored as QUEUED."""
    first_store_retry: float = 0.2  # doubles each time that what became of it is not stored
    longest_store_retry: float = 5.0
    first_poll: float = 2.0
    """The pause between an uncertain send and the first poll, which can only find the note."""
    last_poll: float = 45.0
    """How long after its time a note in doubt is looked for at most: what became of it is to be
    said while the interaction's token is good, as nothing else may lead to the message."""
    keep_delivery: float = 900.0
    """How long the delivery of a community is kept that has nothing to do: longer than a note may
    wait, in case the database forgets one that was finished."""
    expiry_interval: float = 0.5  # how often notes that have waited too long are looked for

    listen_again: float = 5.0  # before METRICS_ADDRESS is tried again, which another process has

    # Leases and upkeep of the outbox
    heartbeat: float = 5.0  # how often a process renews its lease
    lease_timeout: float = 24.0
    """How long a process keeps its notes without renewing its lease: several heartbeats, and with
    `recovery_interval` below 30 s."""
    lease_margin: float = 4.0
    """How long before `lease_timeout` a process that has not renewed its lease stops sending, as
    another one may be about to take its notes over."""
    recovery_interval: float = 2.0  # how often notes of processes that ended are looked for
    recovery_interval_alone: float = 10.0  # the same where no other process has the database
    begin_anew: float = 1.0  # before a part begins again that failed for no known reason
    token_interval: float = 60.0  # how often interactions' tokens are deleted that expired
    first_purge: float = 10.0
    """How long after its start a process first deletes old rows and tokens, which would hold up its
    connection."""
    purge_interval: float = 3600.0  # how often old rows are deleted
    purge_pause: float = 0.5  # between two batches of them, in which notes have the database


def loop_time() -> float:
    """Return the time by the running event loop's monotonic clock, in seconds."""
    return asyncio.get_running_loop().time()


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, at most that long (None: for ever); returns whether it is set."""
    if not event.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
    return event.is_set()


async def end_tasks(tasks: Iterable[asyncio.Task[Any]], seconds: float = 0.0) -> None:
    """Wait for tasks, at most that long; cancel those that still run, and wait until they end."""
    running = set(tasks)
    if running and seconds > 0:
        _, running = await asyncio.wait(running, timeout=seconds)
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


def doubled(first: float, times: int, longest: float) -> float:
    """Return `first` seconds doubled so many times, at most `longest`."""
    return min(first * 2.0 ** min(times, 32), longest)  # the power 1024 is too large for a float


def back_off(first: float, longest: float) -> Iterator[float]:
    """Give pauses in seconds for ever: `first`, each twice the one before, at most `longest`."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, longest)
