"""What a guild's administrators choose, and what is in force."""
