"""Metrics, health checks over HTTP and error reports; each is off unless a setting asks for it."""
