"""Tests of `bot.sandbox` and its simulators."""
