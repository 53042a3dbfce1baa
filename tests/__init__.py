"""Tests that drive the real bot and its parts over loopback sockets."""
