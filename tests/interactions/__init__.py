"""Tests of `bot.interactions`."""
