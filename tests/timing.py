"""Periods with which tests need not wait."""

from dataclasses import replace

from bot.timing import Timing
from tests.loop_clock import SPEED

PATIENCE = 30.0 * SPEED
"""Seconds after which a test that waits for something gives up, by a clock that may go so fast."""

QUICK = Timing(
    hand_over=10.0,
    database_first=PATIENCE,
    first_database_retry=0.05,
    longest_database_retry=0.5,
    transaction=PATIENCE,
    first_discord_retry=0.05,
    first_reconnect=0.05,
    identify_again=0.05,
    settings_refresh=1.0,
    other_instance=0.3,
    recovery_interval=1.0,
    recovery_interval_alone=1.0,
    send_again=0.05,
    store_queued=0.05,
    admit_within=3600.0,  # as Discord's clock stands still in most tests
    longest_store_retry=0.2,
    store_marks=0.01,
    expiry_interval=0.05,
    ask_owners_first=PATIENCE,
    try_credentials=PATIENCE,
    acknowledge=PATIENCE,
    acknowledge_again=0.05,
    store_note=PATIENCE,
    look_up_names=PATIENCE,
    read_text=PATIENCE,
    await_zone=PATIENCE,
    await_unit_number=0.0,
    await_calls=PATIENCE,
    edit_again=0.05,
    ask_discord_again=0.1,
    edit_interval=0.1,
    first_show_retry=0.05,
    longest_show_retry=0.5,
    announce_after=10.0,
    listen_again=0.05,
    first_purge=PATIENCE,
)
"""What a bot waits for in vain is quick; what must happen in time may take long, and a note that
waits is not soon said to. Old rows are not deleted, which is most of what a start costs.

The latter keeps a busy machine from deciding the outcome; a test lets such a period pass by making
it short itself.
"""

QUICK_PROCESS = replace(
    QUICK,
    hand_over=Timing().hand_over,
    transaction=Timing().transaction,
    acknowledge=Timing().acknowledge,
    heartbeat=0.4,
    stale_send=1.0,
    lease_timeout=4.0,
    lease_margin=1.0,
    recovery_interval=0.3,
    recovery_interval_alone=0.3,
)
"""The same for a process of its own, whose lease a test can let lapse by itself."""
