"""Health checks, for administrators in Discord and for the host."""
