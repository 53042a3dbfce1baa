"""Metrics, readiness and error reports."""
