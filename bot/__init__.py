"""Callnote: adds notes to Sonoran CAD dispatch calls from Discord."""

__version__ = "1.0.0"
