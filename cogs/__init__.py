"""What members can do with Callnote in Discord."""
