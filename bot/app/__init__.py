"""Composes the parts and runs them: the client, the process, the check."""
