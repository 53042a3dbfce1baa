"""Tests of whole processes and of everything together."""
