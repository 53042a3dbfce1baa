"""Tests of live calls."""
