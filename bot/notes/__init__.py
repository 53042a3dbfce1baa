"""Notes in Discord: taken from a command, shown in a message, and looked back at."""
