"""Tests of `bot.communities`."""
