"""Periods with which tests need not wait."""

from dataclasses import replace

from bot.timing import Timing

QUICK = Timing(
    first_database_retry=0.05,
    longest_database_retry=0.5,
    first_discord_retry=0.05,
    identify_again=0.05,
    settings_refresh=0.2,
    other_instance=0.3,
    recovery_interval=0.2,
    send_again=0.05,
    longest_store_retry=0.2,
    expiry_interval=0.05,
    announce_after=0.3,
)
"""The periods of a bot that a test waits for; those for which it waits itself are ample."""

QUICK_LEASE = replace(QUICK, heartbeat=0.4, stale_send=1.0, lease_timeout=4.0)
"""The same with a lease that a test can let lapse by itself."""
