"""What a guild's administrators choose, and the host's defaults."""
