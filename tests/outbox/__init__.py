"""Tests of `bot.outbox`."""
