"""The bounds of delivery that a host can set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast, how long and how much; for one community and its API key.

    `settle_seconds` is how long after a send the CAD may still be storing the note. The gateway
    in front of the CAD is Kong, by the headers of its replies; it gives a service 60 seconds to
    answer unless told otherwise (Kong documentation, service object, read_timeout), so after
    that nothing can be under way any more. `give_up_seconds` stays below the 15 minutes of an
    interaction's token. Of the 60 notes a minute that version 2 allows per key (page add-call-note)
    another official tool may take 54 (sonoran_fivepd, one each 1.1 s), so ours are half. It allows
    5 reads of the call list a minute per key, of which each game server takes one (page get-calls;
    official FiveM client); of ours, three renew a list of live calls every 20 s, and one is left to
    notes in doubt. `waiting_limit` is how many may wait in the outbox, `longest_pause_seconds` the
    longest pause between probes of a CAD that takes no notes.
    """

    notes_per_minute: int = 30
    notes_burst: int = 10
    call_reads_per_minute: int = 4
    waiting_limit: int = 1000
    settle_seconds: float = 60.0
    give_up_seconds: float = 840.0
    longest_pause_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class RateUsage:
    """How much of the CAD's limits is used.

    `sent` notes went in the last minute, `per_minute` may; `limited` is how often in the last hour
    the CAD answered that it gets too many requests.
    """

    sent: int
    per_minute: int
    limited: int
