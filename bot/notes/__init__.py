"""Notes in Discord: the command, the status message, its buttons, the log channel, the history."""
