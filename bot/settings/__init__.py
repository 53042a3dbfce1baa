"""What a server's administrators choose, and what is in force."""
