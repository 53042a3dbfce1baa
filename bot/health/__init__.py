"""Whether all is well, for administrators in Discord and for the host."""
