"""Callnote: adds notes to Sonoran CAD dispatch calls from Discord."""
