"""Tests of `bot.sonoran`."""
