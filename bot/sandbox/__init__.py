"""Try Callnote without any account: the real bot against loopback simulators, from a prompt."""
