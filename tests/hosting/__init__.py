"""The ways in which a host runs Callnote."""
