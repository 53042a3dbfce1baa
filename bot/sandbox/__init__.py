"""Try Callnote without any account: the real bot against loopback stand-ins, from a prompt."""
