"""Tests of the commands as members and administrators use them."""
