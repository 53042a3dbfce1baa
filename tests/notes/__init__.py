"""Tests of `bot.notes`."""
