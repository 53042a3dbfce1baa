"""Puts the parts together and runs them: the client, the process, the checks."""
