"""Periods with which tests need not wait."""

from bot.timing import Timing

QUICK = Timing(
    first_database_retry=0.05,
    longest_database_retry=0.5,
    first_discord_retry=0.05,
    identify_again=0.05,
    settings_refresh=0.2,
    other_instance=0.3,
)
"""The periods of a bot that a test waits for; those for which it waits itself are ample."""
